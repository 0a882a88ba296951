// The floor: what a moderator has not opened reaches nobody.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { open, publish, readStats, seesMotion, watch, wordsOf } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a site whose gate is closed', () => {
  const world = suite();
  let site;
  let viewer;
  let moderator;
  let name;

  // Nothing arrives while the site demonstrably sends: a hundred packets of its pictures are the measure, not a time.
  async function receivesNothing() {
    const sentBefore = (await readStats(site)).videoPackets;
    const before = await readStats(viewer);
    await until('the site sends a hundred packets more', async () => (await readStats(site)).videoPackets > sentBefore + 100);
    const after = await readStats(viewer);
    assert.equal(after.videoPackets - before.videoPackets, 0);
    assert.equal(after.audioPackets - before.audioPackets, 0);
  }

  const gate = () => moderator.getByRole('switch', { name: `Open ${name} for viewers` });

  it('sends, and is told that nobody sees it yet', async (t) => {
    const token = await world.server.token('site');
    name = JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).sub;
    site = await publish(world.chromium, world.server, token, { name: '' });
    await until('the site is told', async () => /not open yet/.test(await wordsOf(site)), { note: (line) => t.diagnostic(line) });
  });

  it('reaches no viewer', async () => {
    viewer = await watch(world.chromium, world.server, await world.server.token('viewer'), { name });
    await until('the viewer is connected', () => viewer.evaluate(() => window.bridgehall.state === 'connected'));
    await receivesNothing();
    assert.equal((await readStats(viewer)).videoPackets, 0);
  });

  it('is seen once a moderator opens it', async (t) => {
    moderator = await open(world.chromium, world.server.link({ as: 'watch', token: world.moderator }));
    assert.equal(await gate().getAttribute('aria-checked'), 'false');
    await gate().click();
    await seesMotion(viewer, 'the viewer', { note: (line) => t.diagnostic(line) });
    await until('the site is told that it is live', async () => /^Live/.test(await wordsOf(site)));
  });

  it('is seen no more once it is closed again', async (t) => {
    await gate().click();
    await until('the switch shows closed', async () => (await gate().getAttribute('aria-checked')) === 'false');
    await until('packets have stopped', async () => {
      const before = (await readStats(viewer)).videoPackets;
      const sent = (await readStats(site)).videoPackets;
      await until('the site sends ten packets more', async () => (await readStats(site)).videoPackets > sent + 10);
      return (await readStats(viewer)).videoPackets === before;
    }, { note: (line) => t.diagnostic(line) });
    await receivesNothing();
    await until('the viewer is told in words', async () => /nothing is coming/.test(await wordsOf(viewer)));
  });

  it('cannot be opened by the site itself', async () => {
    const token = await world.server.token('site');
    const response = await world.server.api(`/api/conferences/demo/publications/${name}`, token, {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: '{"open":true}',
    });
    assert.equal(response.status, 403);
    assert.match(response.headers.get('content-type'), /application\/problem\+json/);
    await receivesNothing();
  });
});
