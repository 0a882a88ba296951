// What `bridgehall load conference` sends is real: a browser decodes its pictures and hears its speech.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { grab, hears, readStats, seesMotion, watch } from '../lib/pages.mjs';
import { program } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a conference of the load generator', () => {
  const world = suite();
  const note = (t) => ({ note: (line) => t.diagnostic(line) });
  let load;
  let ended;
  let output = '';

  before(async () => {
    const { server } = world;
    load = spawn(program, ['load', 'conference', '--server', server.origin, '--data', server.data, '--sites', '3', '--watchers', '2', '--slots', '2', '--speakers', '1', '--speaker-change', '4s', '--stage-change', '4s', '--warm-up', '2s', '--duration', '20s']);
    for (const stream of [load.stdout, load.stderr]) stream.on('data', (chunk) => (output += chunk));
    ended = new Promise((done) => load.once('exit', done));
    await until('the sites are there', async () => {
      assert.equal(load.exitCode, null, output);
      return (await server.metric('bridgehall_peers_connected')) >= 6;
    });
  });
  after(() => load.kill());

  it('is seen and heard by a browser, in the highest layer', async (t) => {
    const viewer = await watch(world.chromium, world.server, await world.server.token('viewer'), { name: 'site-001' });
    await seesMotion(viewer, 'the viewer', note(t));
    await until('the picture is 1280 wide', async () => (await readStats(viewer)).width === 1280, note(t));
    await hears(viewer, 'the viewer', note(t));
    // The recorded hall: the upper half dark green, the podium's wood at the right.
    const picture = await grab(viewer);
    const [red, green, blue] = picture.slice(4 * (64 * 4 + 30), 4 * (64 * 4 + 30) + 3);
    assert.ok(green > 30 && blue >= red, `the hall's wall is ${red} ${green} ${blue}`);
  });

  it('ends with nothing lost and nothing broken', async (t) => {
    assert.equal(await ended, 0, output);
    t.diagnostic(output);
    assert.match(output, /joined +6 of 6 \(0 lost/);
    assert.match(output, /breaks \/ dirty switches +0 \/ 0\n/);
    assert.match(output, /undecryptable \/ stray \/ twice +0 \/ 0 \/ /);
  });
});
