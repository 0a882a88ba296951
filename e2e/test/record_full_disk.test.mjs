// Nothing can be written down: what is asked for is refused and never half done, what closes is closed all the same, and
// when there is room again everything is as before.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Commander } from '../lib/commander.mjs';
import { freePort } from '../lib/ports.mjs';
import { Server } from '../lib/server.mjs';
import { noDisks, SmallDisk } from '../lib/small_disk.mjs';
import { until } from '../lib/until.mjs';

describe('a record whose disk is full', { skip: noDisks }, () => {
  /** @type {SmallDisk} */
  let disk;
  /** @type {Server} */
  let server;
  /** @type {Commander} */
  let chair;
  /** @type {Commander} */
  let site;
  const lines = (words) => server.log.split('\n').filter((line) => line.includes(words)).length;
  const chat = (page, text) => page.answerTo('chat', { text, to: 'everyone' });
  const microphoneOf = (page) => page.answerTo('open_microphone', { seat: page.seat });

  before(async () => {
    disk = await SmallDisk.make('16m');
    server = new Server(joinPath(disk.folder, 'data'), await freePort());
    await server.begin();
    chair = new Commander(server.port, 'chair', await server.token('chair', { subject: 'chair' }));
    site = new Commander(server.port, 'ha-giang', await server.token('site', { subject: 'ha-giang' }));
    await Promise.all([chair.arrive(), site.arrive()]);
    await until('both have joined', () => chair.asked.size + site.asked.size === 0);
  });
  after(async () => {
    await server?.end();
    await disk?.remove();
  });

  it('refuses what would change the conference, and closes what is to be closed', async () => {
    assert.equal((await chat(site, 'before')).type, 'done');
    assert.equal((await microphoneOf(site)).type, 'done');
    await disk.fill();
    for (let i = 0; i < 3; ++i) {
      const refused = await chat(site, `lost ${i}`);
      assert.deepEqual([refused.type, refused.code], ['refused', 'not_recorded']);
    }
    const closed = await chair.answerTo('close_microphone', { seat: 'ha-giang' });
    assert.deepEqual([closed.type, closed.code], ['refused', 'closed_not_recorded']);
    await until('the chair is told', () => chair.trouble?.trouble === 'disk_full' && chair.trouble.unrecorded.length === 1);
    assert.equal(await server.metric('bridgehall_record_in_trouble'), 1);
    assert.ok((await server.metric('bridgehall_record_failures_total')) >= 4);
    assert.equal(lines('nothing is recorded any more'), 1);
    assert.match(server.log, /nothing is recorded any more.*full/);
  });

  it('goes on by itself when there is room', async () => {
    await disk.makeRoom();
    await until('the chair is told', () => chair.trouble && !chair.trouble.trouble);
    assert.equal((await chat(site, 'after')).type, 'done');
    assert.equal(lines('the record is written again'), 1);
    assert.equal(await server.metric('bridgehall_record_in_trouble'), 0);
    await compare(['before', 'after'], false);
  });

  it('starts while its disk is full, and knows what was acknowledged', async () => {
    await disk.fill();
    assert.equal((await chat(site, 'lost again')).code, 'not_recorded');
    await server.end('SIGKILL');
    await Promise.all([chair.gone(), site.gone()]);
    await server.begin();
    await Promise.all([chair.arrive(), site.arrive()]);
    assert.equal(site.resumed, 1);
    assert.equal((await chat(site, 'still lost')).code, 'not_recorded');
    await compare(['before', 'after'], false);
    await disk.makeRoom();
    await until('something can be said', async () => (await chat(site, 'at last')).type === 'done');
    await compare(['before', 'after', 'at last'], false);
  });

  it('makes no backup for which there is no room, leaves nothing of it, and goes on', async () => {
    await disk.fill(32);
    const administrator = await server.token('administrator');
    const refused = await server.api('/api/backups', administrator, { method: 'POST' });
    assert.equal(refused.status, 500);
    assert.match((await refused.json()).detail, /full/);
    assert.deepEqual(await readdir(joinPath(server.data, 'backups')), []);
    assert.equal((await chat(site, 'beside')).type, 'done');
    await disk.makeRoom();
    const made = await server.api('/api/backups', administrator, { method: 'POST' });
    assert.equal(made.status, 201);
    assert.deepEqual((await readdir((await made.json()).folder)).toSorted(), ['conferences', 'manifest.json', 'record.sqlite3', 'signing.key']);
  });

  // What a page that comes anew is shown.
  async function compare(texts, open) {
    const looker = new Commander(server.port, 'looker', await server.token('moderator'));
    await looker.arrive();
    await until('the snapshot is there', () => looker.conference);
    await looker.leave();
    assert.deepEqual(looker.conference.chat.map(({ text }) => text), texts);
    assert.equal(looker.conference.seats.find(({ id }) => id === 'ha-giang').microphone.open, open);
  }
});
