// Whose name stands on the hall's screen. It changes when somebody else has the word, not with every cough, and stays through the
// pauses of a speech. Pure: who is heard and the time go in.
export interface WhoSpeaks {
  readonly seat: string | null;
  readonly quietSinceMs: number | null; // null while that seat is heard
}

export const nobody: WhoSpeaks = { seat: null, quietSinceMs: null };

const breathMs = 1_000;
const pauseMs = 6_000;

// `speaking`: the loudest first, as the server says it.
export function whoSpeaks(before: WhoSpeaks, speaking: readonly string[], nowMs: number): WhoSpeaks {
  const [loudest] = speaking;
  if (before.seat === null) return loudest === undefined ? nobody : { seat: loudest, quietSinceMs: null };
  if (speaking.includes(before.seat)) return before.quietSinceMs === null ? before : { seat: before.seat, quietSinceMs: null };
  const quietSinceMs = before.quietSinceMs ?? nowMs;
  if (loudest !== undefined && nowMs - quietSinceMs >= breathMs) return { seat: loudest, quietSinceMs: null };
  if (nowMs - quietSinceMs >= pauseMs) return nobody;
  return before.quietSinceMs === null ? { seat: before.seat, quietSinceMs } : before;
}

// When to ask again though nothing is heard anew.
export function nextChangeMs({ quietSinceMs }: WhoSpeaks, speaking: readonly string[]): number {
  return quietSinceMs === null ? Infinity : quietSinceMs + (speaking.length > 0 ? breathMs : pauseMs);
}
