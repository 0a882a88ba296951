import { describe, expect, it } from 'vitest';

import { SleepWatch } from './sleep-watch';
import { decline, look, offers, strongLine, type WeakLine } from './weak-line';

// What is seen each second.
const watch = (from: WeakLine, startMs: number, seen: boolean[]) => seen.reduce((line, weak, index) => look(line, startMs + index * 1_000, weak), from);
const seconds = (count: number, weak: boolean) => Array<boolean>(count).fill(weak);

describe('a weak line', () => {
  it('is spoken of when it has lasted', () => {
    expect(offers(watch(strongLine, 0, seconds(20, true)), 19_000)).toBe(false);
    expect(offers(watch(strongLine, 0, seconds(21, true)), 20_000)).toBe(true);
  });
  it('is still weak when a picture comes through for a moment', () => {
    const line = watch(strongLine, 0, [...seconds(10, true), ...seconds(4, false), ...seconds(8, true)]);
    expect(offers(line, 21_000)).toBe(true);
  });
  it('is forgotten when it has healed', () => {
    const line = watch(strongLine, 0, [...seconds(30, true), ...seconds(6, false)]);
    expect(offers(line, 35_000)).toBe(false);
    expect(offers(look(line, 36_000, true), 36_000)).toBe(false);
  });
  it('is not spoken of again soon after somebody declined', () => {
    const declined = decline(watch(strongLine, 0, seconds(21, true)), 20_000);
    expect(offers(look(declined, 200_000, true), 200_000)).toBe(false);
    expect(offers(look(declined, 320_000, true), 320_000)).toBe(true);
  });
});

describe('sleep', () => {
  it('is told from a page that is only late', () => {
    const watch = new SleepWatch(0);
    expect([1_000, 4_000, 23_500, 43_500, 44_500].map((now) => watch.woke(now))).toEqual([false, false, false, true, false]);
  });
});
