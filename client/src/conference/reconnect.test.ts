import { describe, expect, it } from 'vitest';

import { Lifeline, type LifelineAct } from './lifeline';
import { MediaPath, type MediaAct } from './media-path';

const problem = (status: number, retryAfterSeconds: number | null = null) => ({ status, title: '', detail: '', retryAfterSeconds });

// Virtual time: `until` moves to each deadline in turn and hands every act to `answer`.
function run(lifeline: Lifeline, from: number, to: number, answer: (act: LifelineAct, now: number) => void): void {
  let now = from;
  for (;;) {
    for (let act = lifeline.poll(); act; act = lifeline.poll()) answer(act, now);
    const next = lifeline.nextDeadline();
    if (next > to) return;
    now = Math.max(now, next);
    lifeline.tick(now);
  }
}
const acts = (lifeline: Lifeline) => {
  const list: LifelineAct[] = [];
  for (let act = lifeline.poll(); act; act = lifeline.poll()) list.push(act);
  return list;
};
function live(random = () => 0.5): Lifeline {
  const lifeline = new Lifeline(random, false);
  lifeline.start(0);
  lifeline.exchanged(0, 300_000);
  lifeline.opened(0);
  lifeline.welcomed(0);
  expect(acts(lifeline)).toEqual(['exchange', 'open', 'hello']);
  return lifeline;
}

describe('the lifeline', () => {
  it('pings every two seconds and calls five silent ones dead', () => {
    const lifeline = live();
    const sent: [LifelineAct, number][] = [];
    run(lifeline, 0, 5_000, (act, now) => sent.push([act, now]));
    expect(sent).toEqual([['ping', 2_000], ['ping', 4_000], ['close', 5_000]]);
    expect(lifeline.state.kind).toBe('waiting');
  });
  it('lives as long as it hears something', () => {
    const lifeline = live();
    run(lifeline, 0, 60_000, (act, now) => act === 'ping' && lifeline.heard(now));
    expect(lifeline.state.kind).toBe('live');
  });
  it('knows that the server starts again when it was told so, until it is back', () => {
    const lifeline = live();
    lifeline.closed(10_000);
    expect(lifeline.restarting).toBe(false);
    const told = live();
    told.bye(10_000, 'draining');
    expect(told.restarting).toBe(true);
    told.tick(13_000);
    told.opened(13_000);
    told.refused(13_000, 'draining');
    expect(told.restarting).toBe(true);
    told.tick(20_000);
    told.opened(20_000);
    told.welcomed(20_000);
    expect([told.state.kind, told.restarting]).toEqual(['live', false]);
  });
  for (const luck of [0, 0.5, 0.999]) {
    it(`is back within five seconds of a server that starts again (${luck})`, () => {
      const lifeline = live(() => luck);
      lifeline.heard(100_000);
      lifeline.closed(100_000);
      const backAt = 102_500; // until then every attempt is refused at once
      run(lifeline, 100_000, backAt + 5_000, (act, now) => {
        if (act === 'open') now < backAt ? lifeline.closed(now) : lifeline.opened(now);
        if (act === 'hello') {
          expect(now).toBeLessThan(backAt + 2_001);
          lifeline.welcomed(now);
        }
        if (act === 'ping') lifeline.heard(now);
      });
      expect(lifeline.state.kind).toBe('live');
    });
  }
  it('tries first within a quarter of a second', () => {
    const lifeline = live(() => 1);
    lifeline.closed(50_000);
    expect(lifeline.nextDeadline()).toBe(50_250);
  });
  it('exchanges the invitation again when the token is near its end, and uses it until then', () => {
    const early = live();
    early.closed(200_000);
    acts(early);
    early.nudge(200_100);
    expect(acts(early)).toEqual(['open']);
    const late = live();
    late.closed(290_000);
    acts(late);
    late.nudge(290_100);
    expect(acts(late)).toEqual(['exchange']);
  });
  it('gets another token when a new server does not know the old one', () => {
    const lifeline = live();
    lifeline.closed(1_000);
    lifeline.nudge(1_000);
    lifeline.opened(1_000);
    lifeline.refused(1_000, 'token_invalid');
    acts(lifeline);
    lifeline.nudge(1_000);
    expect(acts(lifeline)).toEqual(['exchange']);
  });
  it('asks at once whether a doubted socket lives, and gives it up soon when nothing comes', () => {
    const silent = live();
    silent.heard(9_900);
    silent.doubt(10_000);
    silent.tick(10_000);
    expect(acts(silent)).toEqual(['ping']);
    silent.tick(11_500);
    expect(acts(silent)).toEqual(['close']);
    const alive = live();
    alive.heard(9_900);
    alive.doubt(10_000);
    alive.heard(10_100);
    alive.tick(11_600);
    expect(acts(alive)).toEqual(['ping']);
    expect(alive.state.kind).toBe('live');
  });
  it('waits as long as the server asks', () => {
    const lifeline = new Lifeline(() => 0, false);
    lifeline.start(0);
    lifeline.exchangeFailed(0, problem(503, 3));
    expect(lifeline.nextDeadline()).toBeGreaterThanOrEqual(3_000);
  });
  it('ends with an invitation that is not known', () => {
    const lifeline = new Lifeline(() => 0, false);
    lifeline.start(0);
    lifeline.exchangeFailed(0, problem(404));
    expect(lifeline.state).toMatchObject({ kind: 'over', ending: { why: 'problem' } });
    expect(lifeline.nextDeadline()).toBe(Infinity);
  });
  it('gives up a socket that opens but does not greet', () => {
    const lifeline = new Lifeline(() => 0, false);
    lifeline.start(0);
    lifeline.exchanged(0, 300_000);
    lifeline.opened(10);
    acts(lifeline);
    lifeline.tick(5_010);
    expect(acts(lifeline)).toEqual(['close']);
    expect(lifeline.state.kind).toBe('waiting');
  });
  it('does not fight for a seat that was taken elsewhere', () => {
    for (const code of ['replaced', 'removed', 'revoked'] as const) {
      const lifeline = live();
      lifeline.bye(1_000, code);
      lifeline.closed(1_000);
      expect(lifeline.state).toEqual({ kind: 'over', ending: { why: code } });
    }
  });
  it('comes back after the other farewells', () => {
    for (const code of ['draining', 'too_slow', 'too_fast', 'refused'] as const) {
      const lifeline = live();
      lifeline.bye(1_000, code);
      expect(lifeline.state.kind).toBe('waiting');
    }
  });
  it('loads an old page anew, once', () => {
    for (const [reloaded, expected] of [[false, ['close', 'reload']], [true, ['close']]] as const) {
      const lifeline = new Lifeline(() => 0, reloaded);
      lifeline.start(0);
      lifeline.exchanged(0, 300_000);
      lifeline.opened(0);
      acts(lifeline);
      lifeline.refused(0, 'wrong_version');
      expect(acts(lifeline)).toEqual(expected);
      expect(lifeline.state.kind).toBe(reloaded ? 'over' : 'idle');
    }
  });
  it('says hello again when its session has ended', () => {
    const lifeline = live();
    lifeline.sessionEnded(1_000);
    expect(acts(lifeline)).toEqual(['close']);
    expect(lifeline.state.kind).toBe('waiting');
  });
  it('ignores refusals of commands', () => {
    const lifeline = live();
    lifeline.refused(1_000, 'not_allowed');
    expect(lifeline.state.kind).toBe('live');
  });
});

const mediaActs = (path: MediaPath) => {
  const list: MediaAct[] = [];
  for (let act = path.poll(); act; act = path.poll()) list.push(act);
  return list;
};
function connected(): MediaPath {
  const path = new MediaPath(() => 0.5);
  path.welcomed(0, { joined: false, resumed: false });
  expect(mediaActs(path)).toEqual([{ do: 'join', kind: 'first' }]);
  path.answered(100);
  path.path(200, 'connected');
  expect(path.state.kind).toBe('connected');
  return path;
}
const join = (kind: 'first' | 'again' | 'afterwards') => [{ do: 'join', kind }];

describe('the media path', () => {
  it('goes on when the server still has it', () => {
    const path = connected();
    path.signallingLost();
    path.welcomed(5_000, { joined: true, resumed: true });
    expect(mediaActs(path)).toEqual([]);
  });
  it('is made anew with a closed microphone when the server has forgotten it', () => {
    const path = connected();
    path.signallingLost();
    path.path(1_000, 'closed');
    path.welcomed(3_000, { joined: false, resumed: false });
    expect(mediaActs(path)).toEqual(join('afterwards'));
  });
  it('lets a short gap heal', () => {
    const path = connected();
    path.path(10_000, 'disconnected');
    path.tick(12_400);
    path.path(12_450, 'connected');
    path.tick(20_000);
    expect(mediaActs(path)).toEqual([]);
  });
  it('restarts ICE after it, joins anew when that does not help', () => {
    const path = connected();
    path.path(10_000, 'disconnected');
    path.tick(12_500);
    expect(mediaActs(path)).toEqual([{ do: 'restart_ice' }]);
    path.path(13_000, 'failed');
    path.tick(17_500);
    expect(mediaActs(path)).toEqual(join('again'));
  });
  it('restarts ICE at once when the way is seen to be dead, and is connected when it answers', () => {
    const path = connected();
    path.dead(10_000);
    expect(mediaActs(path)).toEqual([{ do: 'restart_ice' }]);
    path.path(11_000, 'disconnected'); // the browser has noticed at last
    expect(path.state.kind).toBe('restarting');
    path.answers(11_100);
    expect(path.state.kind).toBe('connected');
    path.tick(60_000);
    expect(mediaActs(path)).toEqual([]);
  });
  it('shows a dead way while there is no signalling, and restarts when there is', () => {
    const path = connected();
    path.signallingLost();
    path.dead(10_000);
    expect(path.state.kind).toBe('disturbed');
    expect(mediaActs(path)).toEqual([]);
    path.welcomed(12_000, { joined: true, resumed: true });
    expect(mediaActs(path)).toEqual([{ do: 'restart_ice' }]);
  });
  it('goes on when a dead way answers before anything was done', () => {
    const path = connected();
    path.signallingLost();
    path.dead(10_000);
    path.answers(10_500);
    path.welcomed(12_000, { joined: true, resumed: true });
    expect(mediaActs(path)).toEqual([]);
  });
  it('joins anew at once when the restart is refused', () => {
    const path = connected();
    path.path(10_000, 'failed');
    mediaActs(path);
    path.restartRefused(10_100);
    expect(mediaActs(path)).toEqual(join('again'));
  });
  it('waits for the signalling, then restarts', () => {
    const path = connected();
    path.signallingLost();
    path.path(10_000, 'failed');
    path.tick(60_000);
    expect(mediaActs(path)).toEqual([]);
    path.welcomed(61_000, { joined: true, resumed: true });
    expect(mediaActs(path)).toEqual([{ do: 'restart_ice' }]);
  });
  it('tries again when the server is full or busy, stops when it cannot help', () => {
    const path = new MediaPath(() => 0.5);
    path.welcomed(0, { joined: false, resumed: false });
    path.joinRefused(10, 'busy');
    path.tick(path.nextDeadline());
    expect(mediaActs(path)).toEqual([...join('first'), ...join('first')]);
    path.joinRefused(1_000, 'bad_offer');
    expect(path.state).toEqual({ kind: 'refused', code: 'bad_offer' });
    path.tick(1e9);
    expect(mediaActs(path)).toEqual([]);
    path.retry(1e9);
    expect(mediaActs(path)).toEqual(join('first'));
  });
  it('asks again when the first answer was lost, with the person’s own choice', () => {
    const path = new MediaPath(() => 0.5);
    path.welcomed(0, { joined: false, resumed: false });
    path.signallingLost();
    path.welcomed(2_000, { joined: false, resumed: false });
    expect(mediaActs(path)).toEqual([...join('first'), ...join('first')]);
  });
  it('joins anew when no way is found', () => {
    const path = new MediaPath(() => 0.5);
    path.welcomed(0, { joined: false, resumed: false });
    path.answered(100);
    mediaActs(path);
    path.tick(8_100);
    expect(mediaActs(path)).toEqual(join('again'));
  });
});
