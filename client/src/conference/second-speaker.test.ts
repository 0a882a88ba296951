import { describe, expect, it } from 'vitest';

import { nextLook, nobodySpoke, secondSpeaker } from './second-speaker';

const others = ['a', 'b', 'c'];

describe('the second speaker', () => {
  it('is the first other who speaks, at once', () => {
    expect(secondSpeaker(nobodySpoke, ['stage', 'a'], others, 0).seat).toBe('a');
    expect(secondSpeaker(nobodySpoke, ['stage'], others, 0).seat).toBeNull();
  });
  it('stays when it falls silent', () => {
    const spoke = secondSpeaker(nobodySpoke, ['a'], others, 0);
    expect(secondSpeaker(spoke, [], others, 60_000)).toBe(spoke);
    expect(nextLook(spoke)).toBe(Infinity);
  });
  it('is held for some seconds before another takes its place', () => {
    const a = secondSpeaker(nobodySpoke, ['a'], others, 0);
    const waiting = secondSpeaker(a, ['b'], others, 1_000);
    expect([waiting.seat, waiting.heard, nextLook(waiting)]).toEqual(['a', 'b', 4_000]);
    // Nobody speaks any more, and still it is b's turn.
    expect(secondSpeaker(waiting, [], others, 4_000).seat).toBe('b');
  });
  it('keeps its place while it speaks, however loud others are', () => {
    const a = secondSpeaker(nobodySpoke, ['a'], others, 0);
    expect(secondSpeaker(a, ['b', 'a'], others, 9_000).seat).toBe('a');
  });
  it('that takes the word back before its time is over stays', () => {
    const waiting = secondSpeaker(secondSpeaker(nobodySpoke, ['a'], others, 0), ['b'], others, 1_000);
    expect(nextLook(secondSpeaker(waiting, ['a'], others, 2_000))).toBe(Infinity);
  });
  it('that leaves or goes on stage makes room at once', () => {
    const waiting = secondSpeaker(secondSpeaker(nobodySpoke, ['a'], others, 0), ['b'], others, 1_000);
    expect(secondSpeaker(waiting, [], ['b', 'c'], 1_100)).toEqual({ seat: 'b', sinceMs: 1_100, heard: 'b' });
    expect(secondSpeaker(waiting, [], ['c'], 1_100).seat).toBeNull();
  });
});
