// A real client that is no browser: aiortc publishes by WHIP and views by WHEP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { hears, publish, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const script = fileURLToPath(new URL('../aiortc_client.py', import.meta.url));

/** @param {string[]} words */
function client(...words) {
  const child = spawn(process.env.PYTHON ?? '/usr/bin/python3', [script, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  const running = { child, output: '', errors: '', ended: /** @type {Promise<number>} */ (new Promise((done) => child.once('exit', done))) };
  child.stdout.on('data', (chunk) => (running.output += chunk));
  child.stderr.on('data', (chunk) => (running.errors += chunk));
  return running;
}

describe('aiortc', () => {
  const world = suite();
  const whip = (name) => `${world.server.origin}/whip/demo/${name}`;
  const whep = (name) => `${world.server.origin}/whep/demo/${name}`;

  /** @param {ReturnType<typeof client>} viewer */
  async function seesAndHears(viewer) {
    assert.equal(await viewer.ended, 0, viewer.errors);
    const seen = JSON.parse(viewer.output);
    assert.ok(seen.pictures >= 50 && seen.changed > 0, viewer.output);
    assert.ok(seen.loudness > 100, viewer.output);
    return viewer.output.trim();
  }

  it('publishes; Chromium and aiortc see and hear', async (t) => {
    const note = { note: (line) => t.diagnostic(line) };
    const publisher = client('publish', whip('from-aiortc'), '--token', world.moderator, '--seconds', '60');
    await until('aiortc is connected', () => publisher.output.includes('connected') || (publisher.child.exitCode !== null && assert.fail(publisher.errors)), note);
    const viewer = await watch(world.chromium, world.server, world.moderator, { name: 'from-aiortc' });
    await seesMotion(viewer, 'Chromium', note);
    await hears(viewer, 'Chromium', note);
    t.diagnostic(await seesAndHears(client('view', whep('from-aiortc'), '--token', world.moderator)));
    publisher.child.stdin.end();
    assert.equal(await publisher.ended, 0, publisher.errors);
    await viewer.context().close();
  });

  it('sees and hears what Chromium publishes', async (t) => {
    const publisher = await publish(world.chromium, world.server, world.moderator, { name: 'for-aiortc' });
    t.diagnostic(await seesAndHears(client('view', whep('for-aiortc'), '--token', world.moderator)));
    await publisher.context().close();
  });
});
