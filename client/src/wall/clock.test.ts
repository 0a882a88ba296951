import { expect, it } from 'vitest';

import { timeIn, untilNextMinute } from './clock';

const noon = Date.UTC(2026, 6, 1, 12, 0, 20);

it('shows the time of the conference’s zone', () => {
  expect(timeIn('Asia/Ho_Chi_Minh', 'vi', noon)).toBe('19:00');
  expect(timeIn('Europe/Paris', 'fr', noon)).toBe('14:00');
  expect(timeIn('Europe/Paris', 'en', Date.UTC(2026, 0, 1, 12))).toBe('13:00');
  expect(timeIn('UTC', 'en', Date.UTC(2026, 0, 1, 0, 5))).toBe('00:05');
});

it('shows the reader’s time where the zone is absent or unknown here', () => {
  expect(timeIn('Nowhere/At_All', 'en', noon)).toBe(timeIn(undefined, 'en', noon));
});

it('waits for the minute to change', () => {
  expect(untilNextMinute(noon)).toBe(40_000);
  expect(untilNextMinute(noon + 40_000)).toBe(60_000);
});
