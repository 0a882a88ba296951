// Who stands beside the stage: the other seat that spoke last, held for some seconds so that two who answer each other do not flicker.
// Pure; `now` is handed in.
const holdMs = 4_000;

export interface SecondSpeaker {
  readonly seat: string | null; // is shown
  readonly sinceMs: number;
  readonly heard: string | null; // spoke last, and waits for its turn
}

export const nobodySpoke: SecondSpeaker = { seat: null, sinceMs: -Infinity, heard: null };

// `others` are those who can be shown beside the stage; `speaking` are all who speak, the loudest first.
export function secondSpeaker(before: SecondSpeaker, speaking: readonly string[], others: readonly string[], nowMs: number): SecondSpeaker {
  const there = (seat: string | null): seat is string => seat !== null && others.includes(seat);
  const seat = there(before.seat) ? before.seat : null;
  const spoke = seat !== null && speaking.includes(seat) ? seat : (speaking.find(there) ?? null);
  const heard = spoke ?? (there(before.heard) ? before.heard : seat);
  const next = seat === null || nowMs >= before.sinceMs + holdMs ? heard : seat;
  if (next === before.seat && heard === before.heard) return before;
  return { seat: next, sinceMs: next === before.seat ? before.sinceMs : nowMs, heard };
}

// When it has to be looked at again though nobody says anything new.
export const nextLook = ({ seat, sinceMs, heard }: SecondSpeaker): number => (seat !== heard ? sinceMs + holdMs : Infinity);
