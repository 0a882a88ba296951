// TURN: credentials made for each session open Debian's coturn for as long as they say; through it a conference is seen and heard.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { launchChromium } from '../lib/browsers.mjs';
import { cross } from '../lib/crossing.mjs';
import { Network, noNamespaces } from '../lib/namespaces.mjs';
import { join } from '../lib/participants.mjs';
import { Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

const secret = 'a-secret-of-this-test';

/** Runs in the page: every connection goes through a relay or not at all. */
function relayOnly() {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(configuration = {}) {
      super({ ...configuration, iceTransportPolicy: 'relay' });
    }
    setConfiguration(configuration) {
      super.setConfiguration({ ...configuration, iceTransportPolicy: 'relay' });
    }
  };
}

/** Runs in the page: what gathering with that credential brings. */
async function gather({ url, username, credential }) {
  const connection = new RTCPeerConnection({ iceTransportPolicy: 'relay', iceServers: [{ urls: url, username, credential }] });
  const found = { candidates: 0, errors: [] };
  connection.addEventListener('icecandidate', ({ candidate }) => (found.candidates += candidate?.candidate ? 1 : 0));
  connection.addEventListener('icecandidateerror', ({ errorCode }) => found.errors.push(errorCode));
  connection.createDataChannel('x');
  const done = new Promise((resolve) => connection.addEventListener('icegatheringstatechange', () => connection.iceGatheringState === 'complete' && resolve()));
  await connection.setLocalDescription();
  await done;
  connection.close();
  return found;
}

describe('a TURN server that shares a secret', { skip: noNamespaces }, () => {
  /** @type {Network} */ let network;
  /** @type {Server} */ let server;
  /** @type {import('playwright-core').Browser} */ let chromium;
  let url, log = '';

  before(async () => {
    network = await Network.make('server', 'site', 'turn');
    const [home, away, turn] = network.machines;
    const file = joinPath(network.folder, 'turnserver.conf');
    await writeFile(
      file,
      [`listening-ip=${turn.address}`, `relay-ip=${turn.address}`, 'listening-port=3478', 'min-port=50000', 'max-port=50100', 'use-auth-secret', `static-auth-secret=${secret}`]
        .concat(['realm=turn.example.org', 'no-tls', 'no-dtls', 'no-cli', 'no-rfc5780', 'log-file=stdout', 'simple-log', 'verbose', `userdb=${joinPath(network.folder, 'turndb')}`, `pidfile=${joinPath(network.folder, 'turn.pid')}`])
        .join('\n'),
    );
    const child = turn.spawn(['turnserver', '-c', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (log += chunk));
    await until('coturn listens', async () => (await turn.run('ss', '-lun')).includes(`${turn.address}:3478`));
    // There is no other way than the relay.
    await network.route('nft', 'add table inet only');
    await network.route('nft', 'add chain inet only through { type filter hook forward priority 0; }');
    await network.route('nft', 'add rule inet only through iifname "site" oifname "server" drop');
    url = `turn:${turn.address}:3478`;
    server = await Server.start({ machine: home, flags: ['--turn-servers', url, '--turn-secret', secret] });
    await cross(away, home, server.port);
    chromium = await launchChromium({ machine: away });
  });
  after(async () => {
    await chromium?.close();
    await server?.remove();
    await network?.remove();
  });

  it('carries a conference: both see and hear each other', async () => {
    const prepared = (context) => context.addInitScript(relayOnly);
    const [hall, site] = await Promise.all(['hall', 'ha-giang'].map((seat) => join(chromium, server, seat, { prepared, speaking: true, width: 320, height: 180 }))).catch((error) => {
      throw new Error(`${error.message}\n${log.slice(-2_000)}`);
    });
    await Promise.all([site.sees('hall'), hall.sees('ha-giang'), site.hears('hall'), hall.hears('ha-giang')]);
    for (const { page } of [hall, site]) {
      const types = await page.evaluate(async () => {
        const report = await window.bridgehall.peerConnection.getStats();
        return [...report.values()].filter(({ type }) => type === 'local-candidate').map(({ candidateType }) => candidateType);
      });
      assert.deepEqual([...new Set(types)], ['relay']);
    }
    await Promise.all([hall.close(), site.close()]);
  });

  it('is opened by credentials of an answer, for nobody by name, and by none that has expired', async () => {
    const options = await server.api('/whip/demo/turn', await server.token('site', { subject: 'hoa-binh' }), { method: 'OPTIONS' });
    const [, given, username, credential] = /<([^>]+)>; rel="ice-server"; username="([^"]+)"; credential="([^"]+)"/.exec(options.headers.get('Link') ?? '') ?? [];
    assert.equal(given, url);
    assert.match(username, /^\d+:[0-9a-f]{16}$/);
    const left = Number(username.split(':')[0]) - Date.now() / 1_000;
    assert.ok(left > 3_500 && left <= 3_600, `${left} s`);

    const page = await chromium.newPage();
    await page.goto(server.origin);
    assert.ok((await page.evaluate(gather, { url, username, credential })).candidates > 0);

    const expired = `${Math.floor(Date.now() / 1_000) - 60}:0123456789abcdef`;
    const password = createHmac('sha1', secret).update(expired).digest('base64');
    const refused = await page.evaluate(gather, { url, username: expired, credential: password });
    assert.equal(refused.candidates, 0, log.slice(-1_000));
    assert.ok(refused.errors.includes(401), JSON.stringify(refused));
    await page.close();
  });

  it('is not opened to whoever has no token', async () => {
    for (const method of ['OPTIONS', 'POST']) {
      const response = await fetch(`${server.origin}/whip/demo/turn`, { method, ...(method === 'POST' ? { headers: { 'Content-Type': 'application/sdp' }, body: 'v=0' } : {}) });
      assert.equal(response.headers.get('Link'), null, method);
    }
  });
});
