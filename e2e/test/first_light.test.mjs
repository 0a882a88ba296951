// One publisher, three viewers, all Chromium, each in a context of its own: the straight path, and what must not break it.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { hears, publish, readStats, seesMotion, sessionsOf, startSending, watch, wordsOf } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a publisher and three viewers', () => {
  const world = suite();
  let publisher;
  let viewers;

  before(async () => {
    publisher = await publish(world.chromium, world.server, world.moderator, { quality: '720' });
    const token = await world.server.token('viewer');
    viewers = await Promise.all([1, 2, 3].map(() => watch(world.chromium, world.server, token)));
  });

  const note = (t) => ({ note: (line) => t.diagnostic(line) });

  it('see motion', async (t) => {
    await Promise.all(viewers.map((viewer, index) => seesMotion(viewer, `viewer ${index + 1}`, note(t))));
  });

  it('hear sound', async (t) => {
    await Promise.all(viewers.map((viewer, index) => hears(viewer, `viewer ${index + 1}`, note(t))));
  });

  it('are told so in words', async (t) => {
    await until('the publisher is told that it is live', async () => (await wordsOf(publisher)) === 'Live. Viewers can see and hear you.', note(t));
    await until('the viewer is told that the hall is live', async () => (await wordsOf(viewers[0])) === 'hall is live.', note(t));
    assert.match(await publisher.locator('main').innerText(), /\d+ × \d+, \d+ pictures a second, [\d.]+ [MK]?b\/s/i);
  });

  it('are sent at full rate', async (t) => {
    const available = await until('availableOutgoingBitrate is 2.5 Mb/s', async () => {
      const { available } = await readStats(publisher);
      return available >= 2_500_000 && available;
    }, { ceiling: 30_000, ...note(t) });
    t.diagnostic(`availableOutgoingBitrate: ${(available / 1e6).toFixed(2)} Mb/s`);
  });

  // restartIce() is what the page itself calls after two seconds without a connection.
  async function restart(page, who, t) {
    const before = await readStats(page);
    const answered = page.waitForResponse((response) => response.request().method() === 'PATCH');
    await page.evaluate(() => window.bridgehall.peerConnection.restartIce());
    const response = await answered;
    assert.equal(response.status(), 200);
    assert.match(response.headers()['content-type'], /application\/trickle-ice-sdpfrag/);
    await until(`${who} has new credentials on both ends`, async () => {
      const now = await readStats(page);
      return now.localUfrag !== before.localUfrag && now.remoteUfrag !== before.remoteUfrag;
    }, note(t));
    await until(`${who} is connected after the restart`, () => page.evaluate(() => ['connected', 'completed'].includes(window.bridgehall.peerConnection.iceConnectionState)), note(t));
    await Promise.all(viewers.map((viewer, index) => seesMotion(viewer, `viewer ${index + 1}`)));
    assert.equal(await sessionsOf(page), 1);
  }

  it('survive an ICE restart of the publisher', (t) => restart(publisher, 'the publisher', t));
  it('survive an ICE restart of a viewer', (t) => restart(viewers[1], 'viewer 2', t));

  it('stay when the publisher leaves and comes back', async (t) => {
    await publisher.getByRole('button', { name: 'Stop sending' }).click();
    await until('the list shows the publisher as away', async () => (await viewers[0].locator('.entry .state').innerText()) === 'away', note(t));
    await until('the viewer is told in words', async () => /nothing is coming/.test(await wordsOf(viewers[0])), note(t));
    await startSending(publisher, note(t));
    await Promise.all(viewers.map((viewer, index) => seesMotion(viewer, `viewer ${index + 1}`, note(t))));
    await hears(viewers[2], 'viewer 3');
    for (const viewer of viewers) assert.equal(await sessionsOf(viewer), 1);
  });

  it('are joined by a publisher in a new window, without a new session', async (t) => {
    await publisher.context().close(); // pagehide ends the session
    await until('the server knows that the publisher left', async () => {
      const response = await world.server.api('/api/conferences/demo/publications', world.moderator);
      return (await response.json()).publications.every(({ live }) => !live);
    }, note(t));
    publisher = await publish(world.chromium, world.server, world.moderator, {}, note(t));
    await Promise.all(viewers.map((viewer, index) => seesMotion(viewer, `viewer ${index + 1}`, note(t))));
    for (const viewer of viewers) assert.equal(await sessionsOf(viewer), 1);
  });
});
