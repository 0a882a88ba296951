// Before joining, a page learns how media get to it: by WHEP, with its invitation's token, without a seat and without anybody noticing.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { before, describe, it } from 'node:test';

import { noNamespaces } from '../lib/namespaces.mjs';
import { open } from '../lib/pages.mjs';
import { join } from '../lib/participants.mjs';
import { until } from '../lib/until.mjs';
import { walled } from '../lib/walled.mjs';

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
  const world = walled({ firefox: true });
  /** @type {{ id: string, role: string, invitation: string }[]} */ let seats;
  /** @type {import('playwright-core').Page} */ let page;
  const patience = 4_000; // long enough for a connection on two busy cores, shorter than what the doctor counts as one that failed

  before(async () => {
    seats = JSON.parse(await readFile(joinPath(world.server.data, 'conferences', 'demo.json'), 'utf8')).seats;
    page = await open(world.chromium, `${world.server.origin}/`);
  });

  const invitationOf = (seat) => seats.find(({ id }) => id === seat)?.invitation;
  const checkAs = (seat, on = page) => on.evaluate(check, { invitation: invitationOf(seat), patience });
  const sessions = () => world.server.metric('bridgehall_sessions');

  it('with an invitation of any role, and with a viewer’s token', async () => {
    for (const seat of ['hall', 'chair', 'moderator', 'presenter', 'ha-giang', 'delegate-1']) assert.deepEqual(await checkAs(seat), { udp: true, tcp: true }, seat);
    const token = await world.server.token('viewer');
    assert.deepEqual(await page.evaluate(check, { token, patience }), { udp: true, tcp: true });
    await until('nothing is left of it', async () => (await sessions()) === 0);
  });

  it('in Firefox too', async () => {
    const other = await open(world.firefox, `${world.server.origin}/`);
    assert.deepEqual(await checkAs('cao-bang', other), { udp: true, tcp: true });
  });

  it('nobody notices, not even who sits on that seat', async () => {
    const [hall, site] = await Promise.all(['hall', 'ha-giang'].map((seat) => join(world.chromium, world.server, seat, { width: 320, height: 180 })));
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
    await world.wall(`udp dport ${world.mediaPort} drop`);
    assert.deepEqual(await checkAs('ha-giang'), { udp: false, tcp: true });
    await world.wall('drop');
    assert.deepEqual(await checkAs('ha-giang'), { udp: false, tcp: false });
  });
});
