// The publications of a conference as the server lists them, and the gate that a moderator holds.
import { request } from './problem';

export interface Publication {
  name: string;
  open: boolean; // the gate: forwarded to viewers
  live: boolean; // somebody is sending
}

const base = (conference: string) => `/api/conferences/${encodeURIComponent(conference)}/publications`;

export function readPublications(body: unknown): Publication[] {
  const list = (body as { publications?: unknown } | null)?.publications;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown) => {
    const entry = item as Partial<Record<keyof Publication, unknown>> | null;
    if (typeof entry?.name !== 'string') return [];
    return [{ name: entry.name, open: entry.open === true, live: entry.live !== false }];
  });
}

export async function listPublications(conference: string, token: string, signal: AbortSignal): Promise<Publication[]> {
  const response = await request(base(conference), { token, signal, headers: { Accept: 'application/json' } });
  return readPublications(await response.json());
}

export async function setOpen(conference: string, name: string, open: boolean, token: string): Promise<void> {
  await request(`${base(conference)}/${encodeURIComponent(name)}`, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ open }),
    token,
  });
}
