// The invitation of a personal link, exchanged for a short token. Role and seat are the server's to know: it can withdraw both.
import type { Role } from './messages';
import { Refused, request } from './problem';

export interface Admission {
  token: string;
  expiresInMs: number;
  conference: string;
  title: string;
  seat: string;
  name: string;
  role: Role;
}

export function readAdmission(body: unknown): Admission | null {
  const fields = body as Partial<Record<string, unknown>> | null;
  const text = (key: string) => (typeof fields?.[key] === 'string' ? fields[key] : '');
  const seconds = fields?.expires_in;
  if (!text('token') || !text('conference') || !text('seat') || typeof seconds !== 'number') return null;
  return {
    token: text('token'),
    expiresInMs: seconds * 1000,
    conference: text('conference'),
    title: text('title') || text('conference'),
    seat: text('seat'),
    name: text('name') || text('seat'),
    role: text('role') as Role,
  };
}

export async function exchangeInvitation(invitation: string, signal: AbortSignal): Promise<Admission> {
  const response = await request('/api/invitations/exchange', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ invitation }),
    signal,
    timeoutMs: 4_000,
  });
  const admission = readAdmission(await response.json().catch(() => null));
  if (!admission) throw new Refused({ status: 502, title: 'No admission', detail: '', retryAfterSeconds: null });
  return admission;
}
