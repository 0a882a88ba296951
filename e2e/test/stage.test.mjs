// The stage: who stands there, in which layer it is seen, lips that fit the voice, and slides beside it, of the hall or of a presenter.
// Without renegotiation.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('the stage', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, chair, site, delegate, presenter;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const everyone = () => [hall, chair, site, delegate];
  const answerOf = ({ page }) => page.evaluate(() => window.bridgehall.peerConnection.currentRemoteDescription.sdp);
  const answers = () => Promise.all(everyone().map(answerOf));
  let atFirst;

  /** The places to which something comes while the stage shows a second. */
  async function arriving(person) {
    const before = await person.picturePackets();
    await person.watchesStage();
    const after = await person.picturePackets();
    return Object.keys(after).filter((place) => after[place] > (before[place] ?? 0));
  }

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', { speaking: true });
    chair = await join(world.chromium, world.server, 'chair', { width: 320, height: 180 });
    site = await join(world.chromium, world.server, 'ha-giang', { width: 1280, height: 720, speaking: true });
    delegate = await join(world.chromium, world.server, 'delegate-1', { width: 320, height: 180 });
    await chair.openPanel('people');
    atFirst = await answers();
  });

  it('shows who was put there, to everyone, at once', async (t) => {
    await Promise.all([chair, site, delegate].map((person) => person.sees('hall', { use: 'stage' })));
    const began = performance.now();
    await chair.press('Put Hà Giang on stage');
    const times = await Promise.all([hall, chair, delegate].map(async (person) => (await person.sees('ha-giang', { use: 'stage' }), performance.now() - began)));
    t.diagnostic(`on stage after ${times.map((ms) => (ms / 1000).toFixed(2)).join(', ')} s`);
    assert.ok(Math.max(...times) < 3_000);
    await site.says(/Hà Giang \(You\)/);
    await site.sees('hall', { use: 'tile' });
  });

  it('is seen in the high layer, small tiles in the low one', async (t) => {
    const width = async (person, selector) => (await person.statistics(`${selector} video`))?.frameWidth;
    const large = await until('the stage is sent 1280 wide', async () => (await width(delegate, 'figure[data-use=stage]')) === 1280, { ceiling: 40_000, ...noting(t) });
    assert.ok(large);
    assert.equal(await delegate.page.locator('figure[data-use=stage]').getAttribute('data-quality'), 'high');
    // On the stage with everyone else small, then back among the small ones.
    await chair.press('Put Hội trường on stage');
    await delegate.sees('ha-giang', { use: 'tile', ...noting(t) });
    const small = await until('the tile is sent 320 wide', async () => (await width(delegate, 'figure[data-seat=ha-giang]')) === 320, noting(t));
    assert.ok(small);
    assert.equal(await delegate.page.locator('figure[data-seat=ha-giang]').getAttribute('data-quality'), 'low');
    await chair.press('Put Hà Giang on stage');
    await Promise.all([hall, delegate].map((person) => person.sees('ha-giang', { use: 'stage', ...noting(t) })));
  });

  it('speaks with lips that fit the voice', async (t) => {
    await hall.speak(false);
    await delegate.hears('ha-giang');
    const apart = async () => {
      const [picture, voice] = await Promise.all(['figure[data-use=stage] video', 'audio[data-use=voice]'].map((selector) => delegate.statistics(selector)));
      if (!picture?.estimatedPlayoutTimestamp || !voice?.estimatedPlayoutTimestamp) return null;
      // How much the sound is ahead of the picture.
      return voice.estimatedPlayoutTimestamp - picture.estimatedPlayoutTimestamp - (voice.timestamp - picture.timestamp);
    };
    const readings = [];
    const good = await until('voice and picture are within +45 and -125 ms', async () => {
      const reading = await apart();
      if (reading === null) return false;
      readings.push(Math.round(reading));
      const latest = readings.slice(-10).sort((a, b) => a - b);
      return latest.length === 10 && latest[1] > -125 && latest[8] < 45;
    }, { ceiling: 25_000, ...noting(t) }).catch((error) => {
      throw new Error(`${error.message}; ms that the sound was ahead: ${readings.join(' ')}`);
    });
    assert.ok(good);
    t.diagnostic(`ms that the sound was ahead: ${readings.slice(-20).join(' ')}`);
  });

  it('costs nothing where the page is hidden, and is back when it is shown', async (t) => {
    const bytes = async () => {
      const report = await delegate.page.evaluate(async () => [...(await window.bridgehall.peerConnection.getStats()).values()].filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video').map(({ bytesReceived }) => bytesReceived));
      return report.reduce((sum, value) => sum + value, 0);
    };
    await delegate.hide(true);
    await until('no video comes any more', async () => {
      const before = await bytes();
      await new Promise((done) => setTimeout(done, 1_000));
      return (await bytes()) === before;
    }, noting(t));
    await delegate.hears('ha-giang', noting(t));
    await delegate.hide(false);
    await delegate.sees('ha-giang', { use: 'stage', ...noting(t) });
    await delegate.sees('hall', { use: 'tile', ...noting(t) });
  });

  it('has slides of the hall beside it, for everyone, until they are taken away', async (t) => {
    const began = performance.now();
    await hall.press('Share screen');
    await Promise.all([chair, site, delegate].map((person) => person.seesSlidesOf('hall')));
    t.diagnostic(`slides after ${((performance.now() - began) / 1000).toFixed(2)} s`);
    await hall.says(/You are showing your screen to everyone\./);
    await delegate.sees('ha-giang', { use: 'stage', ...noting(t) });
    await hall.press('Stop sharing');
    await Promise.all([chair, site, delegate].map((person) => until(`${person.seat} has no slides any more`, async () => (await person.places({ use: 'slides' })).length === 0, noting(t))));
  });

  it('stands beside the slides of a presenter, who is seen among the others', async (t) => {
    presenter = await join(world.chromium, world.server, 'presenter', { width: 320, height: 180 });
    await Promise.all([hall, chair, site, delegate].map((person) => person.sees('presenter', { use: 'tile', ...noting(t) })));
    await presenter.sees('ha-giang', { use: 'stage', ...noting(t) });
    await presenter.press('Share screen');
    await Promise.all([hall, chair, site, delegate].map((person) => person.seesSlidesOf('presenter', noting(t))));
    await presenter.says(/You are showing your screen to everyone\./);
    await delegate.sees('ha-giang', { use: 'stage', ...noting(t) });
  });

  it('is alone with the slides where the chair wants that: nobody else is shown, or sent', async (t) => {
    const uses = async (person) => (await person.places()).map(({ use, seat }) => `${use} ${seat}`);
    assert.ok((await arriving(delegate)).length > 2);
    await chair.press('Slides and speaker');
    await until('the delegate is shown these two', async () => (await uses(delegate)).join() === 'slides presenter,stage ha-giang', noting(t));
    await until('no other picture comes', async () => (await arriving(delegate)).length === 2, noting(t));
    await Promise.all([delegate, hall].flatMap((person) => [person.seesSlidesOf('presenter', noting(t)), person.sees('ha-giang', { use: 'stage', ...noting(t) })]));
    assert.deepEqual(await uses(delegate), ['slides presenter', 'stage ha-giang']);
    await presenter.press('Stop sharing');
    await delegate.sees('hall', { use: 'tile', ...noting(t) }); // without slides the others are back
    await chair.press('Speaker and others');
    await presenter.close();
  });

  it('can be empty', async (t) => {
    await chair.press('Take Hà Giang off stage');
    await until('the delegate has no stage', async () => (await delegate.places({ use: 'stage' })).length === 0, noting(t));
    await delegate.sees('ha-giang', { use: 'tile', ...noting(t) });
  });

  it('all of that in one session and with one answer', async () => {
    assert.deepEqual(await answers(), atFirst);
    for (const person of everyone()) assert.deepEqual([await person.sessions(), person.complaints], [1, []]);
  });
});
