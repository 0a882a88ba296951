// The keyboard of a page: reads presses for shortcuts.ts, and whether the person wants shortcuts at all.
import { keepChoice, recallChoice } from '../choices';
import { shortcutFor, type Focus, type Press, type ShortcutAction, type ShortcutPlace } from './shortcuts';

const choice = 'shortcuts';
const choosers = ['checkbox', 'radio', 'button', 'submit', 'reset', 'range', 'color', 'file'];

function focusOf(target: EventTarget | null): Focus {
  if (!(target instanceof HTMLElement)) return 'elsewhere';
  if (target instanceof HTMLInputElement) return choosers.includes(target.type) ? 'button' : 'text';
  if (target.isContentEditable || target.matches('textarea, select, [role=textbox], [role=combobox]')) return 'text';
  return target.matches('button, a[href], summary, video[controls], [role=button], [role=switch]') ? 'button' : 'elsewhere';
}

export function readPress(event: KeyboardEvent): Press {
  return { key: event.key, modified: event.ctrlKey || event.altKey || event.metaKey, composing: event.isComposing, focus: focusOf(event.target) };
}

export type ShortcutHandlers = Partial<Record<ShortcutAction, (event: KeyboardEvent) => void>>;

export class ShortcutKeys {
  on = $state(recallChoice(choice) !== 'off');

  set(on: boolean): void {
    this.on = on;
    keepChoice(choice, on ? null : 'off');
  }

  // For onkeydown. What somebody else has taken, or a dialog covers, is not ours; a key that is held down counts once.
  listen(handlers: ShortcutHandlers, places: readonly ShortcutPlace[] = ['room']): (event: KeyboardEvent) => void {
    return (event) => {
      if (event.defaultPrevented || document.querySelector('dialog[open]')) return;
      const shortcut = shortcutFor(readPress(event), places, this.on);
      const handler = shortcut && handlers[shortcut.action];
      if (!handler) return;
      event.preventDefault();
      if (!event.repeat || shortcut.place === 'list') handler(event);
    };
  }
}
