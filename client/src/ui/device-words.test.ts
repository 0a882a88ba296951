import { describe, expect, it } from 'vitest';

import { deviceNotes, deviceStatus, type DeviceSituation } from './device-words';

const ready: DeviceSituation = {
  asking: false,
  hasPicture: true,
  hasSound: true,
  sharing: false,
  cameraOn: true,
  microphoneOn: true,
  cameraTrouble: null,
  microphoneTrouble: null,
  screenTrouble: false,
};
const none: Partial<DeviceSituation> = { hasPicture: false, hasSound: false };
const says = (change: Partial<DeviceSituation>) => deviceStatus({ ...ready, ...change }).key;
const notes = (change: Partial<DeviceSituation>) => deviceNotes({ ...ready, ...change }, says(change));

describe('a page with camera and microphone', () => {
  it('says where things stand before sending', () => {
    expect(says({ ...none, asking: true })).toBe('state.asking');
    expect(says({})).toBe('state.ready');
    expect(says({ ...none, cameraTrouble: 'refused' })).toBe('trouble.camera.refused');
    expect(says({ ...none, cameraTrouble: 'insecure' })).toBe('trouble.insecure');
  });
  it('says the same of both devices once', () => {
    expect(says({ ...none, cameraTrouble: 'refused', microphoneTrouble: 'refused' })).toBe('trouble.both.refused');
    expect(notes({ ...none, cameraTrouble: 'refused', microphoneTrouble: 'refused' })).toEqual([]);
    expect(says({ ...none, cameraTrouble: 'missing', microphoneTrouble: 'busy' })).toBe('trouble.camera.missing');
    expect(notes({ ...none, cameraTrouble: 'missing', microphoneTrouble: 'busy' })).toEqual(['trouble.microphone.busy']);
    expect(notes({ ...none, sharing: true, cameraTrouble: 'missing', microphoneTrouble: 'missing' })).toEqual(['state.sharing', 'trouble.microphone.missing']);
  });
  it('notes what else is off, once', () => {
    expect(notes({ cameraOn: false, microphoneOn: false })).toEqual(['state.cameraOff', 'state.muted']);
    expect(notes({ hasPicture: false, cameraTrouble: 'missing' })).toEqual(['trouble.camera.missing']);
    expect(notes({ ...none, cameraTrouble: 'insecure', microphoneTrouble: 'insecure' })).toEqual([]);
    expect(notes({ screenTrouble: true })).toEqual(['trouble.screen']);
    expect(notes({ sharing: true, cameraTrouble: 'missing' })).toEqual(['state.sharing']);
  });
});
