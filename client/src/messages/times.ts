// The time of day where a conference is held, and where its reader is. Pure.
const of = (language: string, milliseconds: number, zone: string | undefined, day: boolean): string =>
  new Intl.DateTimeFormat(language, { ...(day ? { weekday: 'short' } : {}), hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...(zone ? { timeZone: zone } : {}) }).format(milliseconds);

// A zone that this browser does not know is left out: the reader's own time is right at least.
function known(zone: string | undefined): string | undefined {
  try {
    new Intl.DateTimeFormat('en', zone ? { timeZone: zone } : {});
    return zone;
  } catch {
    return undefined;
  }
}

export interface Times {
  there: string;
  here: string | null; // where it differs; with the day where that differs too
}

// `readerZone`: absent, the browser's.
export function timesOf(language: string, milliseconds: number, conferenceZone: string | undefined, readerZone?: string): Times {
  const zone = known(conferenceZone);
  const there = of(language, milliseconds, zone ?? readerZone, false);
  const same = !zone || of('en', milliseconds, zone, true) === of('en', milliseconds, readerZone, true);
  if (same) return { there, here: null };
  const dayOf = (inZone: string | undefined) => new Intl.DateTimeFormat('en', { day: 'numeric', ...(inZone ? { timeZone: inZone } : {}) }).format(milliseconds);
  return { there, here: of(language, milliseconds, readerZone, dayOf(zone) !== dayOf(readerZone)) };
}

const minuteMs = 60_000;
export const untilNextMinute = (milliseconds: number): number => minuteMs - (milliseconds % minuteMs);
