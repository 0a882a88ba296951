// Clients that are no pages in a conference of pages: they publish as a seat by WHIP, and view the stage by WHEP.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { Aiortc, Gstreamer, withoutGstreamer } from '../lib/clients.mjs';
import { hertzOf, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('in a conference of pages', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, chair;
  let viewer;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', { speaking: true });
    chair = await join(world.chromium, world.server, 'chair', { width: 320, height: 180 });
    await chair.openPanel('people');
    viewer = await world.server.token('viewer');
  });

  async function publishes(t, client, voice) {
    await client.connected(noting(t));
    // A seat that has come without a page waits for the chair.
    await chair.page.locator('[data-person=ha-giang][data-present=true]').waitFor();
    await chair.press('Give Hà Giang the floor');
    const camera = chair.button('Open the camera of Hà Giang', true);
    if ((await camera.count()) > 0) await camera.click();
    for (const person of [hall, chair]) {
      await Promise.all([person.sees('ha-giang', { hue: null, ...noting(t) }), person.hears(voice, noting(t))]);
    }
    await chair.press('Close the microphone of Hà Giang');
    await hall.hearsNoMore(voice, noting(t));
    await chair.press('Put Hà Giang on stage');
    await hall.sees('ha-giang', { use: 'stage', hue: null, ...noting(t) });
    assert.equal(await client.leave(), 0, client.errors);
    await until('the seat is empty', async () => (await chair.page.locator('[data-person=ha-giang]').getAttribute('data-present')) === 'false', noting(t));
    await chair.press('Put Hội trường on stage');
  }
  const siteToken = () => world.server.token('site', { subject: 'ha-giang' });

  it('aiortc publishes as a site that is seen, heard, closed and on stage', async (t) => {
    await publishes(t, new Aiortc(t, 'publish', `${world.server.origin}/whip/demo/ha-giang`, '--token', await siteToken()), 'aiortc');
  });

  it('GStreamer publishes as a site that is seen, heard, closed and on stage', { skip: withoutGstreamer }, async (t) => {
    await publishes(t, new Gstreamer(t, 'publish', `${world.server.origin}/whip/demo/ha-giang`, '--token', await siteToken(), '--tone', '880'), 'gstreamer');
  });

  it('aiortc views the stage: its picture and its voice', async (t) => {
    const seen = await new Aiortc(t, 'view', `${world.server.origin}/whep/demo`, '--token', viewer).seen();
    t.diagnostic(JSON.stringify(seen));
    assert.ok(Math.abs(seen.frequency - hertzOf('hall')) <= 50, JSON.stringify(seen));
  });

  it('GStreamer views the stage, hears who leads the talk while the stage is quiet or closed, and follows the stage', { skip: withoutGstreamer }, async (t) => {
    const watcher = new Gstreamer(t, 'view', `${world.server.origin}/whep/demo`, '--token', viewer);
    t.diagnostic(JSON.stringify(await watcher.seesMotion('GStreamer', noting(t))));
    await watcher.hearsTone('GStreamer', hertzOf('hall'), noting(t));
    await hall.speak(false);
    await chair.speak(true);
    await watcher.hearsTone('GStreamer', hertzOf('chair'), noting(t));
    await hall.speak(true);
    await watcher.hearsTone('GStreamer', hertzOf('hall'), noting(t));
    await hall.press('Close microphone');
    await watcher.hearsTone('GStreamer', hertzOf('chair'), noting(t));
    await hall.press('Open microphone');
    await watcher.hearsTone('GStreamer', hertzOf('hall'), noting(t));
    await chair.press('Put Chủ tọa on stage');
    await watcher.seesMotion('GStreamer', noting(t));
    await watcher.hearsTone('GStreamer', hertzOf('chair'), noting(t));
  });
});
