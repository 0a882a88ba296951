// What a person is told of the own microphone while trying it: from how loud it is, again and again. Pure: readings and the time go in.
export interface Reading {
  peak: number; // of a short piece of sound, 0 to 1
  power: number; // its mean square
}
export type MicrophoneWords = 'nothing' | 'heard' | 'loud' | 'silent';

export interface Hearing {
  heard: boolean; // since this microphone was opened
  above: number; // readings in a row that may be speech
  clipped: number; // in a row
  loudUntilMs: number;
  soundAtMs: number | null; // the latest that was not digital silence
}
export const beginHearing: Hearing = { heard: false, above: 0, clipped: 0, loudUntilMs: -Infinity, soundAtMs: null };

const speech = 10 ** (-45 / 10); // mean square: −45 dBFS; a quiet room is at −60
const speechReadings = 2;
const clipping = 0.985;
const clippedReadings = 3; // a knock at the microphone is no fault
const loudMs = 3_000;
const silentMs = 3_000;

export function withReading(before: Hearing, { peak, power }: Reading, nowMs: number): Hearing {
  const above = power > speech ? before.above + 1 : 0;
  const clipped = peak >= clipping ? before.clipped + 1 : 0;
  return {
    heard: before.heard || above >= speechReadings,
    above,
    clipped,
    loudUntilMs: clipped >= clippedReadings ? nowMs + loudMs : before.loudUntilMs,
    soundAtMs: power > 0 || before.soundAtMs === null ? nowMs : before.soundAtMs,
  };
}

// Digital silence is no quiet room: something is switched off.
export function microphoneWords({ heard, loudUntilMs, soundAtMs }: Hearing, nowMs: number): MicrophoneWords {
  if (soundAtMs !== null && nowMs - soundAtMs >= silentMs) return 'silent';
  if (nowMs < loudUntilMs) return 'loud';
  return heard ? 'heard' : 'nothing';
}

// For a meter from 0 to 1: −60 dBFS is a quiet room, 0 is as loud as it gets.
export const levelOf = ({ power }: Reading): number => (power > 0 ? Math.min(1, Math.max(0, 1 + Math.log10(power) / 6)) : 0);
