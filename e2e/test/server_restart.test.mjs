// The server is killed, stalled, stopped, and there again: the pages come back to pictures by themselves.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { hears, publish, seesMotion, sessionsOf, stateOf, watch, wordsOf } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('pages whose server goes away', () => {
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
    await Promise.all([publisher.context().close(), viewer.context().close()]);
  });

  // Stopped, not killed: the way to it is gone, its sessions are not.
  it('mend the old session when the server was only out of reach', async (t) => {
    const note = { ceiling: 40_000, note: (line) => t.diagnostic(line) };
    const publisher = await publish(world.chromium, world.server, world.moderator, { name: 'third' });
    const patched = publisher.waitForRequest((request) => request.method() === 'PATCH', { timeout: 40_000 });
    const answered = publisher.waitForResponse((response) => response.request().method() === 'PATCH' && response.ok(), { timeout: 40_000 });
    world.server.process.kill('SIGSTOP');
    try {
      await patched;
      assert.match(await wordsOf(publisher), /interrupted/);
    } finally {
      world.server.process.kill('SIGCONT');
    }
    assert.equal((await answered).status(), 200);
    await until('the publisher is connected again', async () => (await stateOf(publisher)) === 'connected', note);
    assert.equal(await sessionsOf(publisher), 1);
    const viewer = await watch(world.chromium, world.server, world.moderator, { name: 'third' });
    await seesMotion(viewer, 'the viewer', note);
    await Promise.all([publisher.context().close(), viewer.context().close()]);
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
