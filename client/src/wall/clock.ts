// The time of day in the conference's zone, or where the reader is when it has none or one that this browser does not know.
export function timeIn(zone: string | undefined, language: string, milliseconds: number): string {
  const format = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
  try {
    return new Intl.DateTimeFormat(language, { ...format, ...(zone ? { timeZone: zone } : {}) }).format(milliseconds);
  } catch {
    return new Intl.DateTimeFormat(language, format).format(milliseconds);
  }
}

const minuteMs = 60_000;
export const untilNextMinute = (milliseconds: number): number => minuteMs - (milliseconds % minuteMs);
