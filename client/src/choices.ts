// What a person chose on this browser, kept for the next time. Storage is closed to pages in some private modes; a choice then lasts
// as long as the page.
const prefix = 'bridgehall.';

export function recallChoice(name: string): string | null {
  try {
    return localStorage.getItem(prefix + name);
  } catch {
    return null;
  }
}

// null: the person has no wish of their own any more.
export function keepChoice(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(prefix + name);
    else localStorage.setItem(prefix + name, value);
  } catch {
    // As above.
  }
}
