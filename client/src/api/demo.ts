// The links of a demo, which its server tells to its own machine only. null: the server is no demo, or does not tell us.
import type { Role } from './messages';
import { Refused, request } from './problem';

export interface DemoLink {
  seat: string;
  name: string;
  role: Role;
  fragment: string; // '#invitation=…', as in a link
}
export interface Demo {
  title: string;
  links: DemoLink[];
}

export function readDemo(body: unknown): Demo | null {
  const { conference, links } = (body ?? {}) as { conference?: { title?: unknown } | null; links?: unknown };
  if (!Array.isArray(links)) return null;
  const read = (links as (Partial<Record<keyof DemoLink, unknown>> | null)[]).flatMap((link) => {
    const text = (key: keyof DemoLink) => (typeof link?.[key] === 'string' ? link[key] : '');
    if (!text('fragment').startsWith('#')) return []; // never an address elsewhere
    return [{ seat: text('seat'), name: text('name') || text('seat'), role: text('role') as Role, fragment: text('fragment') }];
  });
  return { title: typeof conference?.title === 'string' ? conference.title : '', links: read };
}

export async function askForDemo(signal: AbortSignal): Promise<Demo | null> {
  try {
    const response = await request('/api/demo', { headers: { Accept: 'application/json' }, signal, timeoutMs: 4_000 });
    return readDemo(await response.json().catch(() => null));
  } catch (error) {
    if (error instanceof Refused && error.problem.status >= 400 && error.problem.status < 500 && error.problem.status !== 429) return null;
    throw error;
  }
}
