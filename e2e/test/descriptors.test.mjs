// The server has no file descriptor left while connections come: who is there goes on, it says so once and does not spin, and it
// recovers by itself.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const ticksPerSecond = 100;

describe('a server that is out of file descriptors', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;
  const size = { width: 320, height: 180, speaking: true };
  const sockets = [];

  const pid = () => world.server.process.pid;
  const limit = (count) => execFileSync('prlimit', ['--pid', String(pid()), `--nofile=${count}:`]);
  const cpuSeconds = () => {
    const stat = readFileSync(`/proc/${pid()}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(stat[11]) + Number(stat[12])) / ticksPerSecond;
  };
  const knock = () => {
    const socket = connect(world.server.port, '127.0.0.1');
    socket.on('error', () => {});
    sockets.push(socket);
  };

  before(async () => {
    [hall, site] = await Promise.all([join(world.chromium, world.server, 'hall', size), join(world.chromium, world.server, 'ha-giang', size)]);
    await Promise.all([hall.sees('ha-giang'), site.sees('hall')]);
  });
  after(() => sockets.forEach((socket) => socket.destroy()));

  it('goes on with who is there, tells of it once, and does not spin', async (t) => {
    const before = Number(execFileSync('prlimit', ['--pid', String(pid()), '--nofile', '--output=SOFT', '--noheadings', '--raw']));
    // It limits the number that a new one may have, not how many there are: the sixth that is free.
    const taken = new Set(readdirSync(`/proc/${pid()}/fd`).map(Number));
    let most = 0;
    for (let free = 0; free < 6; most += 1) if (!taken.has(most)) free += 1;
    limit(most);
    for (let index = 0; index < 60; index += 1) knock();
    await until('it says so', () => /out of file descriptors/.test(world.server.log));
    const [began, used] = [performance.now(), cpuSeconds()];
    await Promise.all([hall.sees('ha-giang'), site.sees('hall'), hall.hears('ha-giang'), site.hears('hall')]);
    await hall.openPanel('chat');
    await hall.page.getByLabel('Your message').fill('No room at the door');
    await hall.press('Send');
    await site.openPanel('chat');
    await site.says(/No room at the door/);
    const share = (cpuSeconds() - used) / ((performance.now() - began) / 1000);
    t.diagnostic(`it used ${(share * 100).toFixed(0)} % of a core meanwhile`);
    assert.ok(share < 0.3, `${share}`);
    assert.equal(world.server.log.match(/out of file descriptors/g)?.length, 1, world.server.log);
    sockets.forEach((socket) => socket.destroy());
    limit(before);
  });

  it('takes new pages as soon as there are descriptors again', async (t) => {
    const late = await join(world.chromium, world.server, 'cao-bang', size);
    await late.sees('hall', { note: (line) => t.diagnostic(line) });
    assert.ok((await world.server.metric('bridgehall_http_accept_failures_total')) > 0);
    assert.equal(await site.sessions(), 1);
    assert.equal(await hall.sessions(), 1);
  });
});
