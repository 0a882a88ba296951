// The server goes away in the middle of a full conference, killed and then stopped in order: everyone is back by themselves.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { after, before, describe, it } from 'node:test';

import { environment, program, Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const sites = 25;
const watchers = 35;
const everyone = sites + watchers + 1; // and the chair

describe('a conference of many whose server goes away', () => {
  /** @type {Server} */
  let server;
  let load, ended;
  let output = '';
  const note = (t) => ({ note: (line) => t.diagnostic(line) });
  const connected = () => server.metric('bridgehall_peers_connected').catch(() => 0);
  const all = (what, options) => until(what, async () => (assert.equal(load.exitCode, null, output), (await connected()) === everyone), options);

  before(async () => {
    server = await Server.start();
    const words = ['load', 'conference', '--server', server.origin, '--data', server.data, '--come-back', '--sites', sites, '--watchers', watchers, '--slots', 4, '--joins-per-second', 50, '--warm-up', '1s', '--duration', '12s'];
    load = spawn(program, words.map(String), { env: environment });
    for (const stream of [load.stdout, load.stderr]) stream.on('data', (chunk) => (output += chunk));
    ended = new Promise((done) => load.once('exit', done));
    await all('all are there');
  });
  after(async () => {
    load?.kill();
    await server?.remove();
  });

  it('has all of them back after it was killed', async (t) => {
    await server.end('SIGKILL');
    await server.begin();
    await all(`${everyone} are back`, note(t));
  });

  it('says goodbye when it is stopped in order, and has all of them back', async (t) => {
    const began = performance.now();
    await server.end('SIGTERM');
    assert.equal(server.process?.exitCode, 0, server.log);
    t.diagnostic(`stopped within ${((performance.now() - began) / 1000).toFixed(2)} s`);
    assert.match(server.log, /stopping: closing all sessions/);
    await server.begin();
    await all(`${everyone} are back`, note(t));
  });

  it('loses nobody for good, and shows no broken picture', async (t) => {
    assert.equal(await ended, 0, output);
    const [, back, seconds] = /lost and came back +(\d+), after ([\d.]+) s at most/.exec(output) ?? [];
    t.diagnostic(`${back} came back, after ${seconds} s at most`);
    assert.equal(Number(back), 2 * everyone, output);
    assert.ok(Number(seconds) <= 8, output);
    assert.match(output, new RegExp(`joined +${everyone} of ${everyone} \\(0 lost`));
    assert.match(output, /breaks \/ dirty switches +0 \/ 0\n/);
    assert.match(output, /undecryptable \/ stray \/ twice +0 \/ 0 \/ /);
  });
});
