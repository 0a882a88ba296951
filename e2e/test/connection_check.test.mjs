// Before joining, a page learns how media get to it: by WHEP, with its invitation's token, without a seat and without anybody noticing.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { launchChromium, launchFirefox } from '../lib/browsers.mjs';
import { cross } from '../lib/crossing.mjs';
import { Network, noNamespaces } from '../lib/namespaces.mjs';
import { open } from '../lib/pages.mjs';
import { join } from '../lib/participants.mjs';
import { freePort } from '../lib/ports.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

/** In the page: which of the answer's candidates lead to a connection, each protocol by a session of its own. */
async function check({ invitation, token, patience }) {
  const exchange = async () => (await (await fetch('/api/invitations/exchange', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ invitation }) })).json()).token;
  const authorization = { Authorization: `Bearer ${token ?? (await exchange())}` };

  async function reaches(protocol) {
    const connection = new RTCPeerConnection();
    let session;
    try {
      connection.addTransceiver('audio', { direction: 'recvonly' });
      await connection.setLocalDescription();
      const answered = await fetch('/whep/demo', { method: 'POST', headers: { ...authorization, 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
      if (answered.status !== 201) return `refused: ${await answered.text()}`;
      session = answered.headers.get('Location');
      const isOther = (line) => line.startsWith('a=candidate:') && line.split(' ')[2].toLowerCase() !== protocol;
      const lines = (await answered.text()).split('\r\n');
      const connected = new Promise((done) => {
        connection.onconnectionstatechange = () => connection.connectionState === 'connected' && done(true);
        setTimeout(() => done(false), patience);
      });
      await connection.setRemoteDescription({ type: 'answer', sdp: lines.filter((line) => !isOther(line)).join('\r\n') });
      return await connected;
    } finally {
      connection.close();
      if (session) await fetch(session, { method: 'DELETE', headers: authorization });
    }
  }
  const [udp, tcp] = await Promise.all([reaches('udp'), reaches('tcp')]);
  return { udp, tcp };
}

describe('a page that checks its line before it joins', { skip: noNamespaces }, () => {
  /** @type {Network} */ let network;
  /** @type {Server} */ let server;
  /** @type {Record<'chromium' | 'firefox', import('playwright-core').Browser>} */
  const browsers = /** @type {any} */ ({});
  /** @type {{ id: string, role: string, invitation: string }[]} */ let seats;
  let mediaPort = 0;
  /** @type {import('playwright-core').Page} */ let page;
  const patience = 4_000; // long enough for a connection on two busy cores, shorter than what the doctor counts as one that failed

  before(async () => {
    network = await Network.make('server', 'site');
    const [home, away] = network.machines;
    // Not the page's port, to which there is a way beside the network: what the router drops is media alone.
    mediaPort = await freePort();
    server = await Server.start({ machine: home, flags: ['--media-port', String(mediaPort)] });
    await cross(away, home, server.port);
    const launches = [launchChromium({ machine: away }).then((browser) => (browsers.chromium = browser)), launchFirefox({ machine: away }).then((browser) => (browsers.firefox = browser))];
    await Promise.allSettled(launches);
    await Promise.all(launches);
    seats = JSON.parse(await readFile(joinPath(server.data, 'conferences', 'demo.json'), 'utf8')).seats;
    page = await open(browsers.chromium, `${server.origin}/`);
    await network.route('nft', 'add table inet wall');
    await network.route('nft', 'add chain inet wall through { type filter hook forward priority 0; }');
  });
  after(async () => {
    await Promise.all([browsers.chromium?.close(), browsers.firefox?.close()]);
    await server?.remove();
    await network?.remove();
  });

  const invitationOf = (seat) => seats.find(({ id }) => id === seat)?.invitation;
  const checkAs = (seat, on = page) => on.evaluate(check, { invitation: invitationOf(seat), patience });
  const sessions = () => server.metric('bridgehall_sessions');

  it('with an invitation of any role, and with a viewer’s token', async () => {
    for (const seat of ['hall', 'chair', 'moderator', 'presenter', 'ha-giang', 'delegate-1']) assert.deepEqual(await checkAs(seat), { udp: true, tcp: true }, seat);
    const token = await server.token('viewer');
    assert.deepEqual(await page.evaluate(check, { token, patience }), { udp: true, tcp: true });
    await until('nothing is left of it', async () => (await sessions()) === 0);
  });

  it('in Firefox too', async () => {
    const other = await open(browsers.firefox, `${server.origin}/`);
    assert.deepEqual(await checkAs('cao-bang', other), { udp: true, tcp: true });
  });

  it('nobody notices, not even who sits on that seat', async () => {
    const [hall, site] = await Promise.all(['hall', 'ha-giang'].map((seat) => join(browsers.chromium, server, seat, { width: 320, height: 180 })));
    await Promise.all([hall.sees('ha-giang'), site.sees('hall')]);
    await until('nothing passes by', async () => (await hall.page.locator('.toast').count()) === 0);
    const before = await sessions();
    const said = await hall.page.locator('body').innerText();
    for (const seat of ['hall', 'ha-giang', 'lang-son']) assert.deepEqual(await checkAs(seat), { udp: true, tcp: true }, seat);
    await until('nothing is left of it', async () => (await sessions()) === before);
    assert.equal(await hall.page.locator('body').innerText(), said);
    for (const person of [hall, site]) assert.equal(await person.sessions(), 1);
    await Promise.all([hall.close(), site.close()]);
  });

  it('learns that only TCP works, and that nothing does', async () => {
    await network.route('nft', `add rule inet wall through udp dport ${mediaPort} drop`);
    assert.deepEqual(await checkAs('ha-giang'), { udp: false, tcp: true });
    await network.route('nft', 'add rule inet wall through drop');
    assert.deepEqual(await checkAs('ha-giang'), { udp: false, tcp: false });
  });
});
