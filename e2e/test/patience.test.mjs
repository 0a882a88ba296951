// What ends only when somebody's patience does, up to half a minute; so all of it at the same time, and still the slowest file.
// A machine sleeps and wakes, for longer than consent to send lasts too (30 s, RFC 7675): its page comes back by itself, and its
// microphone is what the page says it is. Sessions and connections that were begun and left so make room again.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { Server } from '../lib/server.mjs';
import { launchSleeper } from '../lib/sleep.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180, speaking: true };

const seats = 6;

/** What a publisher offers that will never connect. @param {import('playwright-core').Browser} browser */
async function makeOffer(browser) {
  const page = await browser.newPage();
  const offer = await page.evaluate(async () => {
    const connection = new RTCPeerConnection();
    connection.addTransceiver('audio', { direction: 'sendonly' });
    return (await connection.createOffer()).sdp;
  });
  await page.close();
  return offer;
}

describe('patience', { concurrency: 5 }, () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall;
  const sleepers = {};
  /** With little room for sessions; with little room and patience for connections. @type {Server} */
  let small, narrow;

  before(async () => {
    small = await Server.start({ flags: ['--limits-sessions', String(seats)] });
    narrow = await Server.start({ flags: ['--http-request-timeout-seconds', '3', '--http-max-connections', '20'] });
    for (const seat of ['ha-giang', 'cao-bang']) sleepers[seat] = await launchSleeper(); // one after the other: it is found by what is new
    hall = await join(world.chromium, world.server, 'hall', size);
    await Promise.all(Object.entries(sleepers).map(async ([seat, sleeper]) => (sleeper.person = await join(sleeper.browser, world.server, seat, size))));
    await Promise.all(Object.keys(sleepers).map(async (seat) => (await hall.hears(seat), sleepers[seat].person.sees('hall'))));
  });
  after(() => Promise.all([small?.remove(), narrow?.remove(), ...Object.values(sleepers).map(({ browser }) => browser.close())]));

  /** @param {import('node:test').TestContext} t */
  async function sleepAndWake(t, seat, milliseconds) {
    const { person, sleep } = sleepers[seat];
    await sleep(milliseconds);
    const woke = performance.now();
    const back = async (done) => (await done, ((performance.now() - woke) / 1000).toFixed(2));
    const times = await Promise.all([back(person.sees('hall')), back(hall.sees(seat))]);
    t.diagnostic(`after ${milliseconds / 1000} s of sleep: sees after ${times[0]} s, is seen after ${times[1]} s, ${await person.sessions()} sessions, ${await person.words()}`);
    assert.ok(Math.max(...times.map(Number)) <= 5, times.join(' '));
    return person;
  }

  it('of a machine that sleeps for ten seconds: it goes on where it was, its microphone open', async (t) => {
    const person = await sleepAndWake(t, 'ha-giang', 10_000);
    await person.says(/Your microphone is open: you can be heard\./);
    await hall.hears('ha-giang');
    assert.equal(await person.sessions(), 1);
  });

  it('of a machine that sleeps for longer than consent lasts: it comes back in another session, its microphone closed', async (t) => {
    const person = await sleepAndWake(t, 'cao-bang', 40_000);
    await person.says(/You are back\. Your microphone was closed meanwhile: open it when you want to speak\./);
    await hall.hearsNoMore('cao-bang');
    await person.press('Open microphone');
    await hall.hears('cao-bang');
    assert.equal(await person.sessions(), 2);
  });

  it('with sessions that never connect: they take their places for half a minute, and give them back', async (t) => {
    const [offer, token] = [await makeOffer(world.chromium), await small.token('moderator')];
    const publish = async (name) => (await small.api(`/whip/demo/${name}`, token, { method: 'POST', headers: { 'Content-Type': 'application/sdp' }, body: offer })).status;
    const began = performance.now();
    const first = await Promise.all(Array.from({ length: seats }, (_, index) => publish(`half-open-${index}`)));
    assert.deepEqual(first, Array(seats).fill(201));
    assert.equal(await publish('one-too-many'), 503);
    await until('there is room again', async () => (await publish('late')) === 201, { ceiling: 40_000 });
    t.diagnostic(`after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(await small.metric('bridgehall_peers_connected'), 0);
    await until('only the late one is left', async () => (await small.metric('bridgehall_peers')) === 1);
  });

  it('with connections that say nothing: they are closed, and others are served', async () => {
    const silent = Array.from({ length: 20 }, () => connect(narrow.port, '127.0.0.1'));
    const closed = silent.map((socket) => new Promise((done) => socket.on('error', () => {}).on('close', done).resume()));
    await Promise.all(silent.map((socket) => new Promise((done) => socket.once('connect', done))));
    await until('another is served', async () => (await fetch(`${narrow.origin}/readyz`).catch(() => null))?.status === 200);
    await Promise.all(closed);
  });

  // As one whose machine has lost its power: no FIN ever comes.
  it('with a page that has vanished without a word: its connection is closed when pings stay unanswered', async (t) => {
    const socket = connect(small.port, '127.0.0.1');
    const key = randomBytes(16).toString('base64');
    socket.write(`GET /api/conferences/demo/signalling HTTP/1.1\r\nHost: localhost:${small.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`);
    const hello = Buffer.from(JSON.stringify({ type: 'hello', version: 1, token: await small.token('delegate', { subject: 'delegate-1' }) }));
    const head = Buffer.from([0x81, 0x80 | 126, hello.length >> 8, hello.length & 255, 0, 0, 0, 0]); // masked with zeros
    let said = '';
    const began = performance.now();
    const closed = new Promise((done) => socket.on('error', () => {}).on('data', (chunk) => (said += chunk.toString('latin1'))).on('close', done));
    await until('the handshake is answered', () => said.startsWith('HTTP/1.1 101'));
    socket.write(Buffer.concat([head, hello]));
    await until('it is welcome', () => /"type":"welcome"/.test(said)).catch((error) => assert.fail(`${error.message} ${said}`));
    await closed;
    t.diagnostic(`closed after ${((performance.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(await small.metric('bridgehall_links_closed_total', 'silent'), 1);
  });
});
