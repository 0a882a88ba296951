// The server is killed and started again: the pages come back to pictures by themselves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { hears, publish, seesMotion, sessionsOf, stateOf, watch, wordsOf } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('pages whose server is killed', () => {
  const world = suite();

  it('say so, and reconnect by themselves', async (t) => {
    const note = { ceiling: 40_000, note: (line) => t.diagnostic(line) };
    const publisher = await publish(world.chromium, world.server, world.moderator);
    const viewer = await watch(world.chromium, world.server, world.moderator);
    await seesMotion(viewer, 'the viewer');

    await world.server.end('SIGKILL');
    await until('the viewer is told of the interruption', async () => /interrupted/.test(await wordsOf(viewer)), note);
    await world.server.begin();
    await until('the publisher is connected again', async () => (await stateOf(publisher)) === 'connected' && (await sessionsOf(publisher)) > 1, note);
    await until('the viewer is connected again', async () => (await stateOf(viewer)) === 'connected' && (await sessionsOf(viewer)) > 1, note);
    await seesMotion(viewer, 'the viewer', note);
    await hears(viewer, 'the viewer');
    assert.match(await wordsOf(publisher), /^(Live|Connecting)/);
  });

  it('are told at once when it is stopped in order', async (t) => {
    const publisher = await publish(world.chromium, world.server, world.moderator, { name: 'second' });
    await world.server.end('SIGTERM');
    await until('the publisher is told', async () => /interrupted/.test(await wordsOf(publisher)), { note: (line) => t.diagnostic(line) });
    await world.server.begin();
    await until('the publisher is connected again', async () => (await stateOf(publisher)) === 'connected' && (await sessionsOf(publisher)) > 1, {
      ceiling: 40_000,
      note: (line) => t.diagnostic(line),
    });
  });
});
