import { describe, expect, it } from 'vitest';

import { recall, remember, type Store } from './device-memory';
import { appliedSound, notApplied, presetOf, presets, soundConstraints, usualSound } from './sound-settings';

describe('sound settings', () => {
  it('have a preset for a hall with a mixer, whatever the channels', () => {
    expect(presetOf(usualSound)).toBe('room');
    expect(presetOf({ ...presets.mixer, stereo: true })).toBe('mixer');
    expect(presetOf({ ...presets.room, noiseSuppression: false, stereo: false })).toBe(null);
  });
  it('are wishes to the browser', () => {
    expect(soundConstraints(usualSound)).toEqual({ echoCancellation: true, noiseSuppression: true, autoGainControl: true });
    expect(soundConstraints({ ...presets.mixer, stereo: true })).toEqual({ echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: { ideal: 2 } });
  });
  it('are read back, and what was not taken is named', () => {
    const wished = { ...presets.mixer, stereo: true };
    expect(notApplied(wished, appliedSound({ echoCancellation: false, noiseSuppression: true, channelCount: 1 }))).toEqual(['noiseSuppression', 'stereo']);
    expect(notApplied(wished, appliedSound({}))).toEqual([]);
    expect(appliedSound({ echoCancellation: 'all' } as unknown as MediaTrackSettings).echoCancellation).toBe(true);
  });
});

describe('what is remembered of devices', () => {
  const store = (text: string | null): Store & { text: string | null } => ({
    text,
    getItem() {
      return this.text;
    },
    setItem(_key, value) {
      this.text = value;
    },
  });
  it('comes back as it was', () => {
    const kept = store(null);
    const all = { wishes: { camera: { id: 'a', label: 'A' } }, sound: { Desk: { ...presets.mixer, stereo: true } } };
    remember(kept, all);
    expect(recall(kept)).toEqual(all);
  });
  it('is nothing where there is none, or it is not ours', () => {
    for (const text of [null, '', 'null', '[]', '{"wishes":3}', '{"wishes":{"camera":{"id":5}},"sound":{"x":7}}']) expect(recall(store(text))).toEqual({ wishes: {}, sound: {} });
    expect(recall(null)).toEqual({ wishes: {}, sound: {} });
  });
  it('is bounded', () => {
    const kept = store(null);
    remember(kept, { wishes: {}, sound: Object.fromEntries(Array.from({ length: 40 }, (_, number) => [`m${number}`, usualSound])) });
    expect(Object.keys(recall(kept).sound)).toHaveLength(16);
  });
});
