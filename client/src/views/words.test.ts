import { describe, expect, it } from 'vitest';

import type { SessionState } from '../media/kept-session';
import { publishNotes, publishStatus, type PublishSituation } from './publish-words';
import { watchStatus } from './watch-words';

const ready: PublishSituation = {
  asking: false,
  hasPicture: true,
  hasSound: true,
  sharing: false,
  cameraOn: true,
  microphoneOn: true,
  cameraTrouble: null,
  microphoneTrouble: null,
  screenTrouble: false,
  session: { kind: 'idle' },
  open: null,
};
const says = (change: Partial<PublishSituation>) => publishStatus({ ...ready, ...change }).key;
const refused = (status: number): SessionState => ({ kind: 'refused', problem: { status, title: '', detail: '', retryAfterSeconds: null } });

describe('the publishing page', () => {
  it('says where things stand before sending', () => {
    expect(says({ asking: true, hasPicture: false, hasSound: false })).toBe('state.asking');
    expect(says({})).toBe('state.ready');
    expect(says({ hasPicture: false, hasSound: false, cameraTrouble: 'refused' })).toBe('trouble.camera.refused');
    expect(says({ hasPicture: false, hasSound: false, cameraTrouble: 'insecure' })).toBe('trouble.insecure');
  });
  it('says the same of both devices once', () => {
    const none = { ...ready, hasPicture: false, hasSound: false };
    expect(publishStatus({ ...none, cameraTrouble: 'refused', microphoneTrouble: 'refused' }).key).toBe('trouble.both.refused');
    expect(publishNotes({ ...none, cameraTrouble: 'refused', microphoneTrouble: 'refused' })).toEqual([]);
    expect(publishStatus({ ...none, cameraTrouble: 'missing', microphoneTrouble: 'busy' }).key).toBe('trouble.camera.missing');
    expect(publishNotes({ ...none, cameraTrouble: 'missing', microphoneTrouble: 'busy' })).toEqual(['trouble.microphone.busy']);
    expect(publishNotes({ ...none, sharing: true, cameraTrouble: 'missing', microphoneTrouble: 'missing' })).toEqual(['state.sharing', 'trouble.microphone.missing']);
  });
  it('says live only when the gate is open', () => {
    expect(says({ session: { kind: 'connected' }, open: true })).toBe('state.live');
    expect(says({ session: { kind: 'connected' }, open: false })).toBe('state.held');
    expect(says({ session: { kind: 'connected' }, open: null })).toBe('state.connecting');
  });
  it('says why the server refuses', () => {
    expect(says({ session: refused(401) })).toBe('refused.401');
    expect(says({ session: refused(418) })).toBe('refused.other');
    expect(says({ session: refused(-1) })).toBe('refused.browser');
  });
  it('notes what else is off, once', () => {
    expect(publishNotes({ ...ready, cameraOn: false, microphoneOn: false })).toEqual(['state.cameraOff', 'state.muted']);
    expect(publishNotes({ ...ready, hasPicture: false, cameraTrouble: 'missing' })).toEqual(['trouble.camera.missing']);
    expect(publishNotes({ ...ready, hasPicture: false, hasSound: false, cameraTrouble: 'insecure', microphoneTrouble: 'insecure' })).toEqual([]);
    expect(publishNotes({ ...ready, screenTrouble: true })).toEqual(['trouble.screen']);
    expect(publishNotes({ ...ready, sharing: true, cameraTrouble: 'missing' })).toEqual(['state.sharing']);
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
