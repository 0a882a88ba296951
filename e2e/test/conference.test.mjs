// A hall, three sites and a delegate: everyone sees everyone move, and hears who speaks.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { invite, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a hall, three sites and a delegate', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant[]} */
  const everyone = [];
  const others = (person) => everyone.filter((other) => other !== person);
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });

  before(async () => {
    everyone.push(await join(world.chromium, world.server, 'hall'));
  });

  it('the second window is seen and heard in the hall soon after its Join', async (t) => {
    const [hall] = everyone;
    const site = await invite(world.chromium, world.server, 'ha-giang', { speaking: true });
    everyone.push(site);
    await site.page.waitForFunction(() => document.querySelector('[data-use=preview] video')?.srcObject);
    const began = performance.now();
    await site.pressJoin();
    const took = async (done) => (await done, performance.now() - began);
    const [seen, heard, sees] = await Promise.all([took(hall.sees('ha-giang')), took(hall.hears('ha-giang')), took(site.sees('hall'))]);
    t.diagnostic(`after Join: seen ${(seen / 1000).toFixed(2)} s, heard ${(heard / 1000).toFixed(2)} s, sees the hall ${(sees / 1000).toFixed(2)} s`);
    await site.speak(false);
    assert.ok(Math.max(seen, heard, sees) <= 5_000);
  });

  it('each sees every other move', async (t) => {
    for (const seat of ['cao-bang', 'bac-kan', 'delegate-1']) everyone.push(await join(world.chromium, world.server, seat));
    for (const person of everyone) await Promise.all(others(person).map(({ seat }) => person.sees(seat, noting(t))));
  });

  it('each hears the one who speaks, and nobody else', async (t) => {
    for (const speaker of everyone) {
      await speaker.speak(true);
      await Promise.all(others(speaker).map((person) => person.hears(speaker.seat, noting(t))));
      const since = await Promise.all(everyone.map((person) => person.now()));
      await Promise.all(others(speaker).map((person) => person.hears(speaker.seat)));
      await speaker.speak(false);
      await Promise.all(others(speaker).map((person) => person.hearsNoMore(speaker.seat)));
      for (const [index, person] of everyone.entries()) {
        const heard = (await person.heardSince(since[index])).filter((seat) => seat !== speaker.seat);
        assert.deepEqual(heard, [], `${person.seat} hears somebody else while ${speaker.seat} speaks`);
      }
      assert.ok(!(await speaker.heardSince(since[everyone.indexOf(speaker)])).includes(speaker.seat), `${speaker.seat} hears itself`);
    }
  });

  async function hearTogether(t, speakers) {
    for (const speaker of speakers) await speaker.speak(true);
    for (const person of everyone) {
      const audible = speakers.filter((speaker) => speaker !== person);
      await Promise.all(audible.map(({ seat }) => person.hears(seat, noting(t))));
    }
    for (const speaker of speakers) await speaker.speak(false);
  }

  it('each hears all three when the stage and two others speak', (t) => hearTogether(t, everyone.slice(0, 3)));

  // The first place is the stage's, which lends it while it is quiet.
  it('each hears all three when three others than the stage speak', (t) => hearTogether(t, everyone.slice(1, 4)));

  it('who has room for two of them turns pages: whoever was on the one before is not sent any more', async (t) => {
    const delegate = everyone.at(-1);
    const { page } = delegate;
    const shown = async () => (await delegate.places({ use: 'tile' })).map(({ seat }) => seat);
    const packets = async (mid) => (await delegate.picturePackets())[mid];
    await page.setViewportSize({ width: 568, height: 320 });
    await page.getByText('Page 1 of 2').waitFor();
    const first = await shown();
    const [third, ...more] = ['ha-giang', 'cao-bang', 'bac-kan'].filter((seat) => !first.includes(seat));
    assert.deepEqual([first.length, more], [2, []]);
    await Promise.all(first.map((seat) => delegate.sees(seat, { use: 'tile', ...noting(t) })));
    const freed = (await delegate.statistics(`figure[data-seat=${first[1]}] video`)).mid;
    assert.ok((await packets(freed)) > 0);

    await delegate.press('Next page');
    await delegate.sees(third, { use: 'tile', ...noting(t) });
    assert.deepEqual(await shown(), [third]);
    await delegate.sees('hall', { use: 'stage' });
    await until('nothing comes where nobody is shown any more', async () => {
      const before = await packets(freed);
      await delegate.watchesStage();
      return (await packets(freed)) === before;
    }, noting(t));
    assert.ok(await delegate.button('Next page').isDisabled());

    await delegate.press('Previous page');
    await until('the first are shown again', async () => (await shown()).join() === first.join(), noting(t));
    await Promise.all(first.map((seat) => delegate.sees(seat, { use: 'tile', ...noting(t) })));
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('all that in one session each', async () => {
    for (const person of everyone) {
      assert.equal(await person.sessions(), 1);
      assert.deepEqual(person.complaints, []);
    }
  });

  it('who leaves is gone for the others, who go on', async (t) => {
    const [hall, site] = everyone;
    await site.press('Leave');
    await site.says(/You have left the conference/);
    await hall.says(/Hà Giang has left\./, noting(t));
    await Promise.all([hall.sees('cao-bang', noting(t)), everyone[2].sees('hall')]);
    assert.deepEqual(await hall.places({ seat: 'ha-giang' }), []);
    await site.press('Join again');
    await site.pressJoin();
    await hall.sees('ha-giang', noting(t));
  });
});
