import { describe, expect, it } from 'vitest';

import type { Conference } from '../api/messages';
import { seat } from '../conference/testing/seats';
import { linesOf, quietWords, screenWords, triesAgainAfterMs, type Situation } from './words';

const live: Situation = { outdated: false, ending: null, problem: null, link: 'live', media: { kind: 'connected' }, shown: true };
const problem = (status: number) => ({ status, title: '', detail: '', retryAfterSeconds: null });

describe('the hall’s screen', () => {
  it('says nothing over live pictures', () => expect(screenWords(live)).toBeNull());

  const said: readonly (readonly [string, Partial<Situation>, string, boolean])[] = [
    ['that it is opening', { link: null, media: { kind: 'none' }, shown: false }, 'state.connecting', true],
    ['that it is joining', { media: { kind: 'joining' }, shown: false }, 'state.connecting', true],
    ['that the server cannot be reached', { link: null, problem: problem(0) }, 'wall.unreachable', true],
    ['that the server refuses', { link: null, problem: problem(500) }, 'refused.other', true],
    ['that its link is lost, over the last pictures', { link: 'waiting' }, 'wall.interrupted', false],
    ['that its pictures are lost, over the last ones', { media: { kind: 'restarting' } }, 'wall.interrupted', false],
    ['why it may not join', { media: { kind: 'refused', code: 'locked' } }, 'refusal.locked', true],
    ['that its link is used elsewhere', { link: null, ending: { why: 'replaced' } }, 'over.replaced', true],
    ['that its invitation is not known', { link: null, ending: { why: 'problem', problem: problem(404) } }, 'over.unknown', true],
    ['that it loads a new version', { outdated: true, link: 'idle' }, 'wall.outdated', true],
  ];
  for (const [what, changes, key, whole] of said) it(`says ${what}`, () => expect(screenWords({ ...live, ...changes })).toEqual({ key, whole }));

  it('tries again where nobody has decided otherwise', () => {
    expect(triesAgainAfterMs({ why: 'refused', code: 'locked' })).toBeGreaterThan(0);
    expect(triesAgainAfterMs({ why: 'problem', problem: problem(404) })).toBeGreaterThan(0);
    for (const why of ['left', 'replaced', 'removed', 'revoked'] as const) expect(triesAgainAfterMs({ why })).toBeNull();
  });

  const conference: Conference = { id: 'demo', title: 'Demo', mode: 'discussion', layout: 'speaker', locked: false, seats: [seat('a', { place: 'The valley' }), seat('b', { present: false })], chat: [] };

  it('names who speaks, and the place where that is known', () => {
    expect(linesOf(conference, 'a')).toEqual({ seat: 'a', name: 'The a', place: 'The valley' });
    expect(linesOf(conference, 'b')?.place).toBe('');
    for (const unknown of ['z', null]) expect(linesOf(conference, unknown)).toBeNull();
  });
  it('says who is on stage while nobody speaks, and when nobody is there', () => {
    expect(quietWords({ ...conference, stage: 'a' })).toEqual({ key: 'room.onStage', name: 'The a' });
    expect(quietWords({ ...conference, stage: 'b' })).toEqual({ key: 'wall.nobodyOnStage' });
    expect(quietWords(conference)).toEqual({ key: 'wall.nobodyOnStage' });
    const screenAlone = [seat('b', { present: false }), seat('screen', { role: 'viewer' })];
    expect(quietWords({ ...conference, seats: screenAlone, stage: 'b' })).toEqual({ key: 'room.alone' });
  });
});
