// Which requests the service worker answers. Pure. It keeps the page's own files and nothing else: what the server is asked for, tokens
// above all, passes by it and is never written down.
export type Treatment = 'page' | 'kept' | 'leave';

interface Asked {
  readonly method: string;
  readonly mode: string;
  readonly url: string;
}

// `kept`: the paths of one build.
export function treatment({ method, mode, url }: Asked, origin: string, kept: ReadonlySet<string>): Treatment {
  const { origin: asked, pathname, search } = new URL(url);
  if (method !== 'GET' || asked !== origin || search) return 'leave';
  if (mode === 'navigate') return pathname === '/' ? 'page' : 'leave';
  return kept.has(pathname) ? 'kept' : 'leave';
}
