import { describe, expect, it } from 'vitest';

import type { SessionState } from '../media/kept-session';
import { publishStatus } from './publish-words';
import { watchStatus } from './watch-words';

const says = (session: SessionState, open: boolean | null = null) => publishStatus(session, open)?.key;
const refused = (status: number): SessionState => ({ kind: 'refused', problem: { status, title: '', detail: '', retryAfterSeconds: null } });

describe('the publishing page', () => {
  it('leaves the word to the devices before sending', () => expect(publishStatus({ kind: 'idle' }, null)).toBeNull());
  it('says live only when the gate is open', () => {
    expect(says({ kind: 'connected' }, true)).toBe('state.live');
    expect(says({ kind: 'connected' }, false)).toBe('state.held');
    expect(says({ kind: 'connected' })).toBe('state.connecting');
  });
  it('says why the server refuses', () => {
    expect(says(refused(401))).toBe('refused.401');
    expect(says(refused(418))).toBe('refused.other');
    expect(says(refused(-1))).toBe('refused.browser');
  });
});

describe('the watching page', () => {
  const figures = { bitsPerSecond: 0, width: 0, height: 0, framesPerSecond: 0, limitedBy: 'none' as const, picture: false, sound: false };
  const connected: SessionState = { kind: 'connected' };
  it('asks for a choice first', () => expect(watchStatus(false, { kind: 'idle' }, null).key).toBe('watch.choose'));
  it('shows words, not black', () => {
    expect(watchStatus(true, connected, figures)).toMatchObject({ key: 'watch.dark', showsPicture: false });
    expect(watchStatus(true, connected, { ...figures, sound: true })).toMatchObject({ key: 'watch.soundOnly', showsPicture: false });
    expect(watchStatus(true, { kind: 'absent' }, null)).toMatchObject({ key: 'watch.absent', showsPicture: false });
  });
  it('shows the picture when there is one', () => {
    expect(watchStatus(true, connected, { ...figures, picture: true })).toEqual({ key: 'watch.live', tone: 'good', showsPicture: true });
  });
});
