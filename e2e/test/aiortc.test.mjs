// A real client that is no browser: aiortc publishes by WHIP and views by WHEP.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Aiortc } from '../lib/clients.mjs';
import { hears, publish, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

describe('aiortc', () => {
  const world = suite();
  const whip = (name) => `${world.server.origin}/whip/demo/${name}`;
  const whep = (name) => `${world.server.origin}/whep/demo/${name}`;

  it('publishes; Chromium and aiortc see and hear', async (t) => {
    const note = { note: (line) => t.diagnostic(line) };
    const publisher = new Aiortc(t, 'publish', whip('from-aiortc'), '--token', world.moderator, '--seconds', '60');
    await publisher.connected(note);
    const viewer = await watch(world.chromium, world.server, world.moderator, { name: 'from-aiortc' });
    await seesMotion(viewer, 'Chromium', note);
    await hears(viewer, 'Chromium', note);
    const seen = await new Aiortc(t, 'view', whep('from-aiortc'), '--token', world.moderator).seen();
    t.diagnostic(JSON.stringify(seen));
    publisher.process.stdin.end();
    assert.equal(await publisher.exited, 0, publisher.errors);
    await viewer.context().close();
  });

  it('sees and hears what Chromium publishes', async (t) => {
    const publisher = await publish(world.chromium, world.server, world.moderator, { name: 'for-aiortc' });
    t.diagnostic(JSON.stringify(await new Aiortc(t, 'view', whep('for-aiortc'), '--token', world.moderator).seen()));
    await publisher.context().close();
  });
});
