// What the browser does to a microphone's sound before it is sent. A person at a desk needs all of it; a hall with a mixer has its own.
export const processings = ['echoCancellation', 'noiseSuppression', 'autoGainControl'] as const;
export type Processing = (typeof processings)[number];
export type SoundSettings = Record<Processing | 'stereo', boolean>;
export type Preset = 'room' | 'mixer';

export const presets: Readonly<Record<Preset, Readonly<Record<Processing, boolean>>>> = {
  room: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  mixer: { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
};
export const usualSound: SoundSettings = { ...presets.room, stereo: false };

export const sameSound = (a: SoundSettings, b: SoundSettings): boolean => a.stereo === b.stereo && processings.every((which) => a[which] === b[which]);

// null: a choice of one's own.
export function presetOf(settings: SoundSettings): Preset | null {
  return (['room', 'mixer'] as const).find((preset) => processings.every((which) => settings[which] === presets[preset][which])) ?? null;
}

export function soundConstraints({ stereo, ...processing }: SoundSettings): MediaTrackConstraints {
  return { ...processing, ...(stereo ? { channelCount: { ideal: 2 } } : {}) };
}

// What the browser says it really does; null where it says nothing.
export type AppliedSound = Record<Processing | 'stereo', boolean | null>;

export function appliedSound(settings: MediaTrackSettings): AppliedSound {
  // Newer browsers name kinds of echo cancellation instead of true.
  const said = (value: unknown) => (value === undefined ? null : value !== false);
  return {
    echoCancellation: said(settings.echoCancellation),
    noiseSuppression: said(settings.noiseSuppression),
    autoGainControl: said(settings.autoGainControl),
    stereo: settings.channelCount === undefined ? null : settings.channelCount > 1,
  };
}

export function notApplied(wished: SoundSettings, applied: AppliedSound): (Processing | 'stereo')[] {
  return ([...processings, 'stereo'] as const).filter((which) => applied[which] !== null && applied[which] !== wished[which]);
}
