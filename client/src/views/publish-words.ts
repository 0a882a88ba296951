// What the publishing page says of its session.
import { refusalKey } from '../api/refusal';
import type { SessionState } from '../media/kept-session';
import type { StatusWords } from '../ui/device-words';

// Null before sending, when it is the devices that matter. `open`: the gate; null while the server has not said.
export function publishStatus(session: SessionState, open: boolean | null): StatusWords | null {
  switch (session.kind) {
    case 'refused':
      return { key: refusalKey(session.problem), tone: 'bad' };
    case 'connecting':
      return { key: 'state.connecting', tone: 'calm' };
    case 'absent': // a 409 that will pass
      return { key: 'refused.409', tone: 'warn' };
    case 'reconnecting':
      return { key: 'state.reconnecting', tone: 'warn' };
    case 'connected':
      if (open === null) return { key: 'state.connecting', tone: 'calm' };
      return open ? { key: 'state.live', tone: 'good' } : { key: 'state.held', tone: 'warn' };
    case 'idle':
      return null;
  }
}
