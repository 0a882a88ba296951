// Sees that the line has been too weak for the pictures for long, so that sound alone can be offered; a picture that is missing for a
// moment is nothing to ask about. Pure: what is seen and the time go in.
export interface WeakLine {
  weakSinceMs: number | null;
  goodSinceMs: number | null; // while weakSinceMs still stands
  silentUntilMs: number; // it was declined
}

const longMs = 20_000;
const healedMs = 5_000;
const declinedMs = 5 * 60_000;

export const strongLine: WeakLine = { weakSinceMs: null, goodSinceMs: null, silentUntilMs: -Infinity };

export function look(before: WeakLine, nowMs: number, weak: boolean): WeakLine {
  if (weak) return { ...before, weakSinceMs: before.weakSinceMs ?? nowMs, goodSinceMs: null };
  const goodSinceMs = before.goodSinceMs ?? nowMs;
  return nowMs - goodSinceMs >= healedMs ? { ...before, weakSinceMs: null, goodSinceMs } : { ...before, goodSinceMs };
}

export const offers = ({ weakSinceMs, silentUntilMs }: WeakLine, nowMs: number): boolean => weakSinceMs !== null && nowMs - weakSinceMs >= longMs && nowMs >= silentUntilMs;

export const decline = (before: WeakLine, nowMs: number): WeakLine => ({ ...before, silentUntilMs: nowMs + declinedMs });
