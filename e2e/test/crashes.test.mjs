// The server is killed again and again while pages ask for things: what was acknowledged is there afterwards, once, in
// order. BRIDGEHALL_KILLS=200 kills it as often; by default it is 20 times.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { Commander } from '../lib/commander.mjs';
import { environment, program, Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const run = promisify(execFile);
const kills = Number(process.env.BRIDGEHALL_KILLS ?? 20);
const seats = { chair: 'chair', hall: 'hall', 'ha-giang': 'site', 'cao-bang': 'site', 'bac-kan': 'site', 'lang-son': 'site' };

describe(`a server that is killed ${kills} times`, () => {
  /** @type {Server} */
  let server;
  /** @type {Commander[]} */
  let pages;
  /** What anybody was told, by its number. @type {Map<number, string>} */
  const told = new Map();
  /** @type {string} */
  let moderator;

  before(async () => {
    server = await Server.start();
    moderator = await server.token('moderator');
    pages = await Promise.all(
      Object.entries(seats).map(async ([seat, role]) => new Commander(server.port, seat, await server.token(role, { subject: seat }), { gates: seat !== 'lang-son' })),
    );
  });
  after(() => server?.remove());

  const commandOn = async (data, ...words) => (await run(program, [...words, '--data', data], { env: environment, maxBuffer: 1 << 30 })).stdout;
  const command = (...words) => commandOn(server.data, ...words);
  const saidIn = async (data) =>
    JSON.parse(await commandOn(data, 'export', '--conference', 'demo')).events.filter(({ event }) => event.type === 'chat_said').map(({ event }) => event.message.text);

  // A session that took no part yet is nothing to come back to, and what a join does to a microphone is still to come.
  const allJoined = () => until('all have joined', () => pages.every((page) => !page.waitsFor('microphone')));

  // All pages were told the same, and the same as before.
  function compareTold() {
    for (const page of pages) {
      for (const [sequence, event] of page.told) {
        const known = told.get(sequence);
        if (known === undefined) told.set(sequence, event);
        else assert.equal(event, known, `event ${sequence}, as ${page.seat} was told`);
      }
      page.told.clear();
      assert.deepEqual(page.faults, []);
    }
  }

  // The state that a page that comes anew is shown.
  async function compareSnapshot() {
    const looker = new Commander(server.port, 'looker', moderator);
    await looker.arrive();
    while (!looker.conference) await new Promise((done) => setTimeout(done, 1));
    await looker.leave();
    const { chat, seats: shown } = looker.conference;
    const texts = chat.map(({ text }) => text);
    assert.equal(new Set(texts).size, texts.length, 'nothing is said twice');
    for (const page of pages) {
      const mine = texts.filter((text) => text.startsWith(`${page.seat} `));
      const oldest = Number(mine[0]?.split(' ')[1] ?? Infinity);
      const expected = page.acknowledged.filter((text) => Number(text.split(' ')[1]) >= oldest);
      if (chat.length < 200) assert.ok(expected.length === page.acknowledged.length, `all that ${page.seat} said is shown`);
      assert.deepEqual(mine.filter((text) => !page.uncertain.has(text)), expected, `what ${page.seat} said`);
      const seat = shown.find(({ id }) => id === page.seat);
      if ('hand' in page.settled) assert.equal(seat.hand?.kind ?? null, page.settled.hand, `the hand of ${page.seat}`);
      if ('microphone' in page.settled) assert.equal(seat.microphone.open, page.settled.microphone, `the microphone of ${page.seat}`);
    }
  }

  // The whole record, and what is told of it elsewhere.
  async function compareRecord() {
    compareTold();
    assert.match(await command('verify'), /all is well/);
    const { events } = JSON.parse(await command('export', '--conference', 'demo'));
    events.forEach(({ sequence }, i) => assert.equal(sequence, i + 1));
    for (const [sequence, text] of told) {
      const event = JSON.parse(text);
      const recorded = events[sequence - 1]?.event;
      assert.equal(recorded?.type, event.type, `event ${sequence}`);
      if (event.message) assert.equal(recorded.message.text, event.message.text, `event ${sequence}`);
    }
    const said = events.filter(({ event }) => event.type === 'chat_said').map(({ event }) => event.message.text);
    assert.equal(new Set(said).size, said.length, 'nothing is said twice');
    for (const page of pages) {
      const mine = said.filter((text) => text.startsWith(`${page.seat} `));
      assert.deepEqual(mine.filter((text) => !page.uncertain.has(text)), page.acknowledged, `what ${page.seat} said`);
      const numbers = mine.map((text) => Number(text.split(' ')[1]));
      assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]), `what ${page.seat} said is in order`);
    }
  }

  // Commands through REST while the server lives: the gate of a page that leaves it alone, and has no hand that this would lower.
  async function patchGates(life) {
    const page = pages.find(({ gates }) => !gates);
    while (life.lives) {
      if (!page.waitsFor('microphone')) {
        const open = Math.random() < 0.5;
        delete page.settled.microphone;
        const request = { method: 'PATCH', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ open }) };
        const response = await server.api(`/api/conferences/demo/publications/${page.seat}`, moderator, request).catch(() => null);
        if (response?.status === 200) {
          page.settled.microphone = open;
          ++life.patched;
        }
      }
      await new Promise((done) => setTimeout(done, 5));
    }
  }

  it('has all that it acknowledged, once and in order', async (t) => {
    const starts = [];
    let patched = 0;
    for (let kill = 0; kill < kills; ++kill) {
      const began = performance.now();
      if (kill > 0) {
        const starting = server.begin(); // it is ready when the pages are welcome, which they try all the time
        await Promise.all(pages.map((page) => page.arrive()));
        starts.push(performance.now() - began);
        await starting;
        await allJoined();
        compareTold();
        await compareSnapshot();
      } else {
        await Promise.all(pages.map((page) => page.arrive()));
        await allJoined();
      }
      const life = { lives: true, patched: 0 };
      const patching = patchGates(life);
      for (const page of pages) {
        page.onAnswer = () => page.work();
        page.work();
      }
      await new Promise((done) => setTimeout(done, 5 + Math.random() * 120));
      life.lives = false;
      await server.end('SIGKILL');
      await Promise.all([patching, ...pages.map((page) => page.gone())]);
      for (const page of pages) page.onAnswer = undefined;
      patched += life.patched;
      if (kill % 10 === 9 || kill === kills - 1) await compareRecord();
    }
    const acknowledged = pages.reduce((sum, page) => sum + page.acknowledged.length, 0);
    const uncertain = pages.reduce((sum, page) => sum + page.uncertain.size, 0);
    const resumed = pages.reduce((sum, page) => sum + page.resumed, 0);
    starts.sort((a, b) => a - b);
    t.diagnostic(`${kills} kills; ${acknowledged} messages acknowledged, ${uncertain} never answered, ${patched} changes by REST, ${told.size} events told; ${resumed} sessions resumed`);
    t.diagnostic(`from the start to the last page's welcome: median ${starts[starts.length >> 1]?.toFixed(0)} ms, at most ${starts.at(-1)?.toFixed(0)} ms`);
    assert.ok(acknowledged > 10 * kills, `${acknowledged} acknowledged`);
    assert.ok(patched > 0, 'something was changed by REST');
    assert.equal(resumed, pages.length * (kills - 1), 'every page had its session back each time');
  });

  it('is backed up while it is asked for things', async (t) => {
    const starting = server.begin();
    await Promise.all(pages.map((page) => page.arrive()));
    await starting;
    await allJoined();
    const asking = setInterval(() => {
      for (const page of pages) {
        page.budget = 1;
        page.work();
      }
    }, 20);
    const known = pages.map((page) => page.acknowledged.length);
    await until('each has something acknowledged', () => pages.every((page, i) => page.acknowledged.length > known[i]));
    const before = pages.map((page) => page.acknowledged.length);
    const restored = `${server.data}-restored`;
    try {
      const folder = (await command('backup', '--server', server.origin)).trim();
      const meanwhile = pages.reduce((sum, page, i) => sum + page.acknowledged.length - before[i], 0);
      t.diagnostic(`${meanwhile} messages were acknowledged while the backup was made`);
      assert.ok(meanwhile > 0);
      await commandOn(restored, 'restore', '--from', folder);
      assert.match(await commandOn(restored, 'verify'), /all is well/);
      const texts = await saidIn(restored);
      for (const [i, page] of pages.entries()) {
        const mine = texts.filter((text) => text.startsWith(`${page.seat} `) && !page.uncertain.has(text));
        assert.ok(mine.length >= before[i], `what ${page.seat} was told before the backup was asked for`);
        const asked = [...page.acknowledged, ...[...page.asked.values()].filter(({ what }) => what === 'message').map(({ value }) => value)];
        assert.deepEqual(mine, asked.slice(0, mine.length), `what ${page.seat} said`);
      }
    } finally {
      clearInterval(asking);
      await rm(restored, { recursive: true, force: true });
    }
    const refused = await server.api('/api/backups', moderator, { method: 'POST' });
    assert.equal(refused.status, 403);
  });
});
