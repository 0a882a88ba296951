// The disk of the data folder is full: what has to be written down is refused in words, nothing is lost, the conference goes on.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { launchChromium } from '../lib/browsers.mjs';
import { join } from '../lib/participants.mjs';
import { freePort } from '../lib/ports.mjs';
import { environment, program, Server } from '../lib/server.mjs';
import { noDisks, SmallDisk } from '../lib/small_disk.mjs';
import { until } from '../lib/until.mjs';

describe('a server whose disk is full', { skip: noDisks }, () => {
  /** @type {SmallDisk} */
  let disk;
  /** @type {Server} */
  let server;
  let chromium, moderator, chair;
  const rosterFile = () => joinPath(disk.folder, 'data', 'conferences', 'demo.json');
  const invitationOf = async (seat) => JSON.parse(await readFile(rosterFile(), 'utf8')).seats.find(({ id }) => id === seat).invitation;
  const renew = (seat) => server.api(`/api/conferences/demo/seats/${seat}/invitation`, moderator, { method: 'POST' });
  const exchange = (invitation) =>
    fetch(`${server.origin}/api/invitations/exchange`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ invitation }) });

  before(async () => {
    [disk, chromium] = await Promise.all([SmallDisk.make('16m'), launchChromium()]);
    server = new Server(joinPath(disk.folder, 'data'), await freePort());
    await server.begin();
    moderator = await server.token('moderator');
  });
  after(async () => {
    await chromium?.close();
    await server?.end();
    await disk?.remove();
  });

  it('refuses in words to renew an invitation, the old one holds, and the conference goes on', async () => {
    const size = { width: 320, height: 180, speaking: true };
    const [hall, site, leader] = await Promise.all(['hall', 'ha-giang', 'chair'].map((seat) => join(chromium, server, seat, size)));
    const [old, roster] = [await invitationOf('cao-bang'), await readFile(rosterFile(), 'utf8')];
    await disk.fill();
    const refused = await renew('cao-bang');
    assert.equal(refused.status, 500);
    assert.match(refused.headers.get('content-type') ?? '', /^application\/problem\+json/);
    assert.match((await refused.json()).detail, /could not be written down; the old one still holds/);
    assert.match(server.log, /No space left on device/);
    assert.equal(await readFile(rosterFile(), 'utf8'), roster);
    assert.deepEqual(await readdir(joinPath(disk.folder, 'data', 'conferences')), ['demo.json']);
    assert.equal((await exchange(old)).status, 200);
    await Promise.all([hall.sees('ha-giang'), site.sees('hall'), hall.hears('ha-giang')]);
    await hall.openPanel('chat');
    await hall.page.getByLabel('Your message').fill('The disk is full');
    await hall.press('Send');
    await hall.says(/cannot write anything down at the moment/);
    await site.openPanel('chat');
    assert.doesNotMatch(await site.page.innerText('body'), /The disk is full/);
    chair = leader;
    // Whoever leads is told why, and what was closed without a record.
    await chair.says(/nothing can be recorded\. The server’s disk is full\./);
    assert.equal(await site.page.locator('.record').count(), 0);
    await hall.press('Close microphone');
    await chair.says(/Closed, and not recorded yet: microphone of Hội trường\./);
    await site.sees('hall');
  });

  it('starts again on a disk that is full still, and writes when there is room', async () => {
    const old = await invitationOf('cao-bang');
    await server.end('SIGKILL');
    await server.begin();
    assert.equal((await exchange(old)).status, 200);
    await chair.says(/nothing can be recorded/);
    await disk.makeRoom();
    await until('those who lead are told', async () => (await chair.page.locator('.record').count()) === 0);
    const renewed = await renew('cao-bang');
    assert.equal(renewed.status, 201);
    const { invitation } = await renewed.json();
    assert.equal(await invitationOf('cao-bang'), invitation);
    await server.end('SIGKILL');
    await server.begin();
    assert.equal((await exchange(old)).status, 404);
    assert.equal((await exchange(invitation)).status, 200);
  });

  it('says in a sentence why it cannot begin on a full disk', async () => {
    await disk.fill();
    const words = [program, 'demo', '--port', String(await freePort()), '--data', joinPath(disk.folder, 'another')];
    const failed = await promisify(execFile)(words[0], words.slice(1), { env: environment, timeout: 5_000 }).then(() => null, (error) => error);
    assert.equal(failed?.code, 1, failed?.stderr);
    assert.match(failed.stderr, /^bridgehall: The (data folder|signing key|roster) \S+ cannot be \w+: No space left on device\.\n$/m);
  });
});
