import { describe, expect, it } from 'vitest';

import { timesOf, untilNextMinute } from './times';

const hanoi = 'Asia/Ho_Chi_Minh';
const berlin = 'Europe/Berlin';
const at = (time: string) => Date.parse(time);

describe('a time', () => {
  it('is told once where reader and conference have the same', () => {
    expect(timesOf('en', at('2026-03-10T07:05:00Z'), hanoi, hanoi)).toEqual({ there: '14:05', here: null });
    expect(timesOf('en', at('2026-03-10T07:05:00Z'), hanoi, 'Asia/Bangkok')).toEqual({ there: '14:05', here: null });
    expect(timesOf('en', at('2026-03-10T07:05:00Z'), undefined, berlin)).toEqual({ there: '08:05', here: null });
  });
  it('is told twice where they differ', () => expect(timesOf('de', at('2026-03-10T07:05:00Z'), hanoi, berlin)).toEqual({ there: '14:05', here: '08:05' }));
  it('follows the clocks when they are put forward and back', () => {
    // 29 March 2026, 01:00 UTC: 02:00 becomes 03:00 in Berlin.
    expect(timesOf('en', at('2026-03-29T00:59:00Z'), hanoi, berlin)).toEqual({ there: '07:59', here: '01:59' });
    expect(timesOf('en', at('2026-03-29T01:00:00Z'), hanoi, berlin)).toEqual({ there: '08:00', here: '03:00' });
    // 25 October 2026, 01:00 UTC: 03:00 becomes 02:00, and the hour comes twice.
    expect(timesOf('en', at('2026-10-25T00:30:00Z'), hanoi, berlin)).toEqual({ there: '07:30', here: '02:30' });
    expect(timesOf('en', at('2026-10-25T01:30:00Z'), hanoi, berlin)).toEqual({ there: '08:30', here: '02:30' });
  });
  it('differs in summer alone between places of which one has a summer time', () => {
    expect(timesOf('en', at('2026-01-15T12:00:00Z'), 'Africa/Algiers', berlin).here).toBeNull();
    expect(timesOf('en', at('2026-07-15T12:00:00Z'), 'Africa/Algiers', berlin)).toEqual({ there: '13:00', here: '14:00' });
  });
  it('has the day where it is another one', () => {
    expect(timesOf('en', at('2026-03-10T01:00:00Z'), hanoi, 'America/New_York')).toEqual({ there: '08:00', here: 'Mon 21:00' });
    // Midnight twenty-four hours apart shows the same hands of the clock.
    expect(timesOf('en', at('2026-03-10T10:00:00Z'), 'Pacific/Kiritimati', 'Pacific/Honolulu')).toEqual({ there: '00:00', here: 'Tue 00:00' });
  });
  it('is the reader’s where the zone is unknown', () => expect(timesOf('en', at('2026-03-10T07:05:00Z'), 'Mars/Olympus', berlin)).toEqual({ there: '08:05', here: null }));
  it('has midnight as 00', () => expect(timesOf('en', at('2026-01-01T00:05:00Z'), 'UTC', 'UTC').there).toBe('00:05'));
  it('is written as the language has it', () => expect(timesOf('vi', at('2026-03-10T01:00:00Z'), hanoi, 'America/New_York').here).toMatch(/Th(ứ)? 2/));
});

it('the next minute is waited for, a whole one on the dot', () => {
  expect(untilNextMinute(at('2026-03-10T07:05:20Z'))).toBe(40_000);
  expect(untilNextMinute(at('2026-03-10T07:05:00Z'))).toBe(60_000);
});
