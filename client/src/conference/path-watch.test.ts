import { describe, expect, it } from 'vitest';
import { PathWatch, readPath, type PathSample } from './path-watch';

// Plays one second of samples after the other.
function play(watch: PathWatch, samples: readonly PathSample[], fromMs = 0) {
  return samples.map((sample, index) => watch.sample(fromMs + index * 1_000, sample));
}
const flowing = (received: number): PathSample => ({ received, asked: received / 100, answered: received / 100 });

describe('the watch over the path', () => {
  it('says that it is dead when nothing comes and two checks stay unanswered', () => {
    const watch = new PathWatch();
    expect(play(watch, [flowing(100), flowing(200), { received: 200, asked: 3, answered: 2 }, { received: 200, asked: 4, answered: 2 }, { received: 200, asked: 6, answered: 2 }])).toEqual([null, null, null, 'dead', null]);
  });
  it('takes a silent conference for what it is', () => {
    const watch = new PathWatch();
    expect(play(watch, [flowing(100), { received: 100, asked: 2, answered: 2 }, { received: 100, asked: 2, answered: 2 }, { received: 100, asked: 3, answered: 3 }, { received: 100, asked: 4, answered: 3 }])).toEqual([null, null, null, null, null]);
  });
  it('does not mind checks that are lost while packets come', () => {
    const watch = new PathWatch();
    expect(play(watch, [flowing(100), { received: 200, asked: 4, answered: 1 }, { received: 300, asked: 6, answered: 1 }])).toEqual([null, null, null]);
  });
  it('says when the dead path answers again, and can die again', () => {
    const watch = new PathWatch();
    const dead: PathSample[] = [flowing(100), { received: 100, asked: 2, answered: 1 }, { received: 100, asked: 4, answered: 1 }];
    expect(play(watch, dead)).toEqual([null, null, 'dead']);
    expect(watch.sample(3_000, { received: 100, asked: 5, answered: 3 })).toBe('answers');
    expect(play(watch, [{ received: 100, asked: 6, answered: 3 }, { received: 100, asked: 8, answered: 3 }], 4_000)).toEqual([null, 'dead']);
  });
  it('sees the answers on another path, whose counts begin anew', () => {
    const watch = new PathWatch();
    play(watch, [{ received: 900, asked: 40, answered: 40 }, { received: 900, asked: 41, answered: 40 }, { received: 900, asked: 43, answered: 40 }]);
    expect(watch.sample(3_000, { received: 900, asked: 1, answered: 0 })).toBe(null);
    expect(watch.sample(3_500, { received: 902, asked: 2, answered: 1 })).toBe('answers');
  });
  it('is not told of another path as if it were dead', () => {
    const watch = new PathWatch();
    play(watch, [{ received: 900, asked: 40, answered: 40 }]);
    expect(play(watch, [{ received: 910, asked: 2, answered: 1 }, { received: 920, asked: 3, answered: 3 }], 1_000)).toEqual([null, null]);
  });
});

describe('what the browser counts', () => {
  const report = (entries: object[]) => new Map(entries.map((entry, index) => [String(index), entry])) as unknown as RTCStatsReport;
  const transport = { type: 'transport', selectedCandidatePairId: 'b', packetsReceived: 7 };
  it('is read of the path in use', () => {
    const pairs = [{ type: 'candidate-pair', id: 'a', requestsSent: 1, responsesReceived: 0 }, { type: 'candidate-pair', id: 'b', requestsSent: 5, responsesReceived: 4 }];
    expect(readPath(report([transport, ...pairs]))).toEqual({ received: 7, asked: 5, answered: 4 });
  });
  it('is nothing where there is no path, or it does not count', () => {
    expect(readPath(report([]))).toBe(null);
    expect(readPath(report([transport, { type: 'candidate-pair', id: 'b' }]))).toBe(null);
  });
});
