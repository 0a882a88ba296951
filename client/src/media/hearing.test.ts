import { describe, expect, it } from 'vitest';

import { beginHearing, levelOf, microphoneWords, withReading, type Reading } from './hearing';

const quiet: Reading = { peak: 0.002, power: 1e-6 };
const speaking: Reading = { peak: 0.3, power: 0.01 };
const clipping: Reading = { peak: 1, power: 0.4 };
const dead: Reading = { peak: 0, power: 0 };

// One reading every 100 ms.
function play(...readings: Reading[]) {
  let [hearing, nowMs] = [beginHearing, 0];
  for (const reading of readings) hearing = withReading(hearing, reading, (nowMs += 100));
  return { words: microphoneWords(hearing, nowMs), later: (ms: number) => microphoneWords(hearing, nowMs + ms) };
}
const times = (count: number, reading: Reading) => Array<Reading>(count).fill(reading);

describe('what is told of the own microphone', () => {
  it('is that nothing was heard in a quiet room', () => expect(play(...times(100, quiet)).words).toBe('nothing'));
  it('is that one is heard, once one has spoken, also in the pauses', () => {
    expect(play(...times(3, speaking)).words).toBe('heard');
    expect(play(...times(3, speaking), ...times(100, quiet)).words).toBe('heard');
  });
  it('is not moved by a single knock', () => {
    expect(play(quiet, speaking, quiet).words).toBe('nothing');
    expect(play(...times(3, speaking), clipping, quiet).words).toBe('heard');
  });
  it('is that it is too loud, for a while', () => {
    const loud = play(...times(4, clipping));
    expect([loud.words, loud.later(2_000)]).toEqual(['loud', 'loud']);
    expect(play(...times(4, clipping), ...times(31, speaking)).words).toBe('heard');
  });
  it('is that something is switched off, when there is no sound at all', () => {
    expect(play(...times(20, dead)).words).toBe('nothing');
    expect(play(...times(40, dead)).words).toBe('silent');
    expect(play(...times(9, speaking), ...times(40, dead)).words).toBe('silent');
    expect(play(...times(40, dead), quiet).words).toBe('nothing');
  });
  it('is a level between quiet and as loud as it gets', () => {
    expect([levelOf(dead), levelOf(quiet), levelOf({ peak: 1, power: 1 })]).toEqual([0, 0, 1]);
    expect(levelOf(speaking)).toBeCloseTo(0.667, 2);
  });
});
