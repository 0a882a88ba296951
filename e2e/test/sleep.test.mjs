// A machine sleeps and wakes: its page comes back by itself, and its microphone is what the page says it is. The longer sleep lasts
// longer than consent to send (30 s, RFC 7675), which makes this file the slowest of all; both sleep at the same time.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { launchSleeper } from '../lib/sleep.mjs';
import { suite } from '../lib/suite.mjs';

const size = { width: 320, height: 180, speaking: true };

describe('machines that sleep', { concurrency: 2 }, () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall;
  const sleepers = {};

  before(async () => {
    for (const seat of ['ha-giang', 'cao-bang']) sleepers[seat] = await launchSleeper(); // one after the other: it is found by what is new
    hall = await join(world.chromium, world.server, 'hall', size);
    await Promise.all(Object.entries(sleepers).map(async ([seat, sleeper]) => (sleeper.person = await join(sleeper.browser, world.server, seat, size))));
    await Promise.all(Object.keys(sleepers).map(async (seat) => (await hall.hears(seat), sleepers[seat].person.sees('hall'))));
  });
  after(() => Promise.all(Object.values(sleepers).map(({ browser }) => browser.close())));

  /** @param {import('node:test').TestContext} t */
  async function sleepAndWake(t, seat, milliseconds) {
    const { person, sleep } = sleepers[seat];
    await sleep(milliseconds);
    const woke = performance.now();
    const back = async (done) => (await done, ((performance.now() - woke) / 1000).toFixed(2));
    const times = await Promise.all([back(person.sees('hall')), back(hall.sees(seat))]);
    t.diagnostic(`after ${milliseconds / 1000} s of sleep: sees after ${times[0]} s, is seen after ${times[1]} s, ${await person.sessions()} sessions, ${await person.words()}`);
    assert.ok(Math.max(...times.map(Number)) <= 10, times.join(' '));
    return person;
  }

  it('for ten seconds go on where they were, their microphones open', async (t) => {
    const person = await sleepAndWake(t, 'ha-giang', 10_000);
    await person.says(/Your microphone is open: you can be heard\./);
    await hall.hears('ha-giang');
    assert.equal(await person.sessions(), 1);
  });

  it('for longer than consent lasts come back in another session', async (t) => {
    const person = await sleepAndWake(t, 'cao-bang', 40_000);
    await person.says(/You are back\. Your microphone was closed meanwhile: open it when you want to speak\./);
    await hall.hearsNoMore('cao-bang');
    await person.press('Open microphone');
    await hall.hears('cao-bang');
    assert.equal(await person.sessions(), 2);
  });
});
