// What a join token says about its holder. Read for display only: the server checks the signature and decides.

export interface TokenFacts {
  conference: string;
  role: string;
  subject: string;
}

export function readToken(token: string): TokenFacts | null {
  const payload = token.split('.')[1];
  if (!payload) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== 'object' || claims === null) return null;
    const text = (key: string) => {
      const value = (claims as Record<string, unknown>)[key];
      return typeof value === 'string' ? value : '';
    };
    return { conference: text('conf'), role: text('role'), subject: text('sub') };
  } catch {
    return null;
  }
}
