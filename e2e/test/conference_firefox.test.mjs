// Firefox beside Chromium, as a site and as the hall.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('Firefox in a conference', () => {
  const world = suite({ firefox: true });
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });

  async function meet(t, ...people) {
    for (const person of people) t.after(() => person.close());
    const options = { ceiling: 30_000, ...noting(t) };
    for (const person of people) {
      const others = people.filter((other) => other !== person);
      await Promise.all(others.flatMap((other) => [person.sees(other.seat, options), person.hears(other.voice, options)]));
    }
    for (const person of people) assert.equal(await person.sessions(), 1);
  }
  const layersOf = ({ page }) =>
    page.evaluate(async () => [...(await window.bridgehall.peerConnection.getStats()).values()].filter((stats) => stats.type === 'outbound-rtp' && stats.rid && stats.framesEncoded > 0).map(({ rid }) => rid).sort().join(''));

  it('is seen and heard as a site, and sees and hears the hall and another site in Chromium', async (t) => {
    const hall = await join(world.chromium, world.server, 'hall', { speaking: true });
    const site = await join(world.firefox, world.server, 'ha-giang', { speaking: true });
    const other = await join(world.chromium, world.server, 'cao-bang', { width: 320, height: 180, speaking: true });
    await meet(t, hall, site, other);
    await site.press('Close microphone');
    await hall.hearsNoMore(site.voice, noting(t));
    await site.press('Open microphone');
    await hall.hears(site.voice, noting(t));
  });

  it('is seen and heard as the hall, in the high layer on the stage and in the low one as a tile', async (t) => {
    const hall = await join(world.firefox, world.server, 'hall', { width: 1280, height: 720, speaking: true });
    // The desk leaves the stage room for the high layer only on a large screen.
    const chair = await join(world.chromium, world.server, 'chair', { width: 320, height: 180, context: { viewport: { width: 1920, height: 1080 } } });
    await chair.speak(true);
    await meet(t, hall, chair);
    await until('Firefox sends three layers', async () => (await layersOf(hall)) === 'hlm', { ceiling: 30_000, ...noting(t) });
    const width = async (selector) => (await chair.statistics(`${selector} video`))?.frameWidth;
    await until('the stage is 1280 wide', async () => (await width('figure[data-use=stage]')) === 1280, { ceiling: 30_000, ...noting(t) });
    await chair.openPanel('people');
    await chair.press('Put Chủ tọa on stage');
    await until('the tile is 320 wide', async () => (await width('figure[data-seat=hall]')) === 320, { ceiling: 30_000, ...noting(t) });
    await chair.sees('hall', noting(t));
    await hall.sees('chair', { use: 'stage', ...noting(t) });
  });

  it('shows its slides', async (t) => {
    const hall = await join(world.firefox, world.server, 'hall', { width: 320, height: 180 });
    const site = await join(world.chromium, world.server, 'ha-giang', { width: 320, height: 180 });
    for (const person of [hall, site]) t.after(() => person.close());
    await hall.press('Share screen');
    await site.seesSlidesOf('hall', noting(t));
    await hall.press('Stop sharing');
    await until('the site has no slides any more', async () => (await site.places({ use: 'slides' })).length === 0, noting(t));
  });
});
