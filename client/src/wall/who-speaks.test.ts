import { describe, expect, it } from 'vitest';

import { nextChangeMs, nobody, whoSpeaks, type WhoSpeaks } from './who-speaks';

// Each line: at which time, who is heard, whose name stands there then.
function play(lines: readonly (readonly [number, string[], string | null])[]): void {
  let state: WhoSpeaks = nobody;
  for (const [nowMs, speaking, name] of lines) {
    state = whoSpeaks(state, speaking, nowMs);
    expect(state.seat, `at ${nowMs} ms`).toBe(name);
  }
}

describe('the name on the hall’s screen', () => {
  it('is of whoever begins', () => play([[0, [], null], [100, ['a'], 'a']]));
  it('is of the loudest of several who begin together', () => play([[0, ['b', 'a'], 'b']]));
  it('stays while somebody else is louder', () => play([[0, ['a'], 'a'], [100, ['b', 'a'], 'a'], [60_000, ['b', 'a'], 'a']]));
  it('does not change for a cough in a breath', () => play([[0, ['a'], 'a'], [100, ['b'], 'a'], [900, ['a'], 'a'], [1_500, ['a'], 'a']]));
  it('changes when the other goes on', () => play([[0, ['a'], 'a'], [100, ['b'], 'a'], [1_099, ['b'], 'a'], [1_100, ['b'], 'b']]));
  it('stays through a pause, and goes when nobody speaks for long', () => play([[0, ['a'], 'a'], [1_000, [], 'a'], [6_999, [], 'a'], [7_000, [], null]]));
  it('begins a pause anew with each word', () => play([[0, ['a'], 'a'], [1_000, [], 'a'], [6_000, ['a'], 'a'], [7_000, [], 'a'], [12_999, [], 'a'], [13_000, [], null]]));

  it('says when it may change by time alone', () => {
    expect(nextChangeMs(nobody, [])).toBe(Infinity);
    expect(nextChangeMs({ seat: 'a', quietSinceMs: null }, ['a'])).toBe(Infinity);
    expect(nextChangeMs({ seat: 'a', quietSinceMs: 500 }, ['b'])).toBe(1_500);
    expect(nextChangeMs({ seat: 'a', quietSinceMs: 500 }, [])).toBe(6_500);
    for (const speaking of [['b'], []]) {
      const quiet = { seat: 'a', quietSinceMs: 500 };
      expect(whoSpeaks(quiet, speaking, nextChangeMs(quiet, speaking)).seat).not.toBe('a');
    }
  });
});
