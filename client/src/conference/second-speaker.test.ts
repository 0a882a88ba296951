import { describe, expect, it } from 'vitest';

import { hear, nextLook, nobodySpoke } from './second-speaker';

const others = ['a', 'b', 'c'];

describe('the second speaker', () => {
  it('is the first other who speaks, at once', () => {
    expect(hear(nobodySpoke, ['stage', 'a'], others, 0).seat).toBe('a');
    expect(hear(nobodySpoke, ['stage'], others, 0).seat).toBeNull();
  });
  it('stays when it falls silent', () => {
    const spoke = hear(nobodySpoke, ['a'], others, 0);
    expect(hear(spoke, [], others, 60_000)).toBe(spoke);
    expect(nextLook(spoke)).toBe(Infinity);
  });
  it('is held for some seconds before another takes its place', () => {
    const a = hear(nobodySpoke, ['a'], others, 0);
    const waiting = hear(a, ['b'], others, 1_000);
    expect([waiting.seat, waiting.heard, nextLook(waiting)]).toEqual(['a', 'b', 4_000]);
    // Nobody speaks any more, and still it is b's turn.
    expect(hear(waiting, [], others, 4_000).seat).toBe('b');
  });
  it('keeps its place while it speaks, however loud others are', () => {
    const a = hear(nobodySpoke, ['a'], others, 0);
    expect(hear(a, ['b', 'a'], others, 9_000).seat).toBe('a');
  });
  it('that takes the word back before its time is over stays', () => {
    const waiting = hear(hear(nobodySpoke, ['a'], others, 0), ['b'], others, 1_000);
    expect(nextLook(hear(waiting, ['a'], others, 2_000))).toBe(Infinity);
  });
  it('that leaves or goes on stage makes room at once', () => {
    const waiting = hear(hear(nobodySpoke, ['a'], others, 0), ['b'], others, 1_000);
    expect(hear(waiting, [], ['b', 'c'], 1_100)).toEqual({ seat: 'b', sinceMs: 1_100, heard: 'b' });
    expect(hear(waiting, [], ['c'], 1_100).seat).toBeNull();
  });
});
