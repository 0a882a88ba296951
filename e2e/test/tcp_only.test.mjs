// Where no UDP gets through: the page comes over https with the certificate that the server signed itself, the media over TCP.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { launchChromium, launchFirefox } from '../lib/browsers.mjs';
import { Network, noNamespaces } from '../lib/namespaces.mjs';
import { join } from '../lib/participants.mjs';
import { Server } from '../lib/server.mjs';

describe('behind a firewall that drops all UDP', { skip: noNamespaces }, () => {
  /** @type {Network} */
  let network;
  /** @type {Server} */
  let server;
  /** @type {Record<'chromium' | 'firefox', import('playwright-core').Browser>} */
  const browsers = /** @type {any} */ ({});

  before(async () => {
    network = await Network.make('server', 'site', 'hall');
    const [home, site, hall] = network.machines;
    await network.dropUdp();
    server = await Server.start({ machine: home, flags: ['--http-address', '0.0.0.0'] });
    const launches = [
      launchChromium({ machine: hall }).then((browser) => (browsers.chromium = browser)),
      launchFirefox({ machine: site }).then((browser) => (browsers.firefox = browser)),
    ];
    await Promise.allSettled(launches);
    await Promise.all(launches);
  });
  after(async () => {
    await Promise.all([browsers.chromium?.close(), browsers.firefox?.close()]);
    await server?.remove();
    await network?.remove();
  });

  /** Asks the server from another machine. @param {'http' | 'https'} scheme @param {string} path */
  async function ask(scheme, path) {
    const url = `${scheme}://${network.machines[0].address}:${server.port}${path}`;
    const script = `require('node:${scheme}').get('${url}', { rejectUnauthorized: false }, (r) => {
      const names = r.socket.getPeerCertificate?.()?.subjectaltname;
      console.log(JSON.stringify({ status: r.statusCode, location: r.headers.location, names }));
      process.exit();
    });`;
    return JSON.parse(await network.machines[1].run(process.execPath, '-e', script));
  }

  /** The pair of candidates in use. @param {import('../lib/participants.mjs').Participant} person */
  const pairOf = ({ page }) =>
    page.evaluate(async () => {
      const report = await window.bridgehall.peerConnection.getStats();
      const all = [...report.values()];
      const pair = all.find((stats) => stats.type === 'candidate-pair' && stats.nominated && stats.state === 'succeeded');
      const heard = all.filter((stats) => stats.type === 'inbound-rtp');
      return {
        local: report.get(pair?.localCandidateId)?.protocol,
        remote: report.get(pair?.remoteCandidateId)?.protocol,
        address: report.get(pair?.remoteCandidateId)?.address,
        frames: heard.reduce((sum, stats) => sum + (stats.framesDecoded ?? 0), 0),
        sound: heard.reduce((sum, stats) => sum + (stats.totalAudioEnergy ?? 0), 0),
      };
    });

  it('the page is there over https only, with a certificate for the address', async () => {
    const { address } = network.machines[0];
    assert.deepEqual(await ask('http', '/x?y'), { status: 308, location: `https://${address}:${server.port}/x?y` });
    const page = await ask('https', '/');
    assert.equal(page.status, 200);
    assert.match(page.names, new RegExp(`DNS:localhost.*IP Address:${address.replaceAll('.', '[.]')}`));
    assert.equal((await ask('https', '/metrics')).status, 403);
    assert.match(server.log, new RegExp(`https://${address}:${server.port}/`), 'said at the start');
  });

  it('Chromium and Firefox see and hear each other over TCP', async (t) => {
    const note = { ceiling: 40_000, note: (line) => t.diagnostic(line) };
    const origin = `https://${network.machines[0].address}:${server.port}`;
    const options = { origin, width: 320, height: 180, speaking: true, context: { ignoreHTTPSErrors: true } };
    const hall = await join(browsers.chromium, server, 'hall', options);
    t.after(() => hall.close());
    const site = await join(browsers.firefox, server, 'ha-giang', options);
    t.after(() => site.close());
    await Promise.all([hall.sees('ha-giang', note), hall.hears(site.voice, note), site.sees('hall', note), site.hears(hall.voice, note)]);

    for (const person of [hall, site]) {
      const pair = await pairOf(person);
      assert.deepEqual([pair.local, pair.remote, pair.address], ['tcp', 'tcp', network.machines[0].address], person.seat);
      assert.ok(pair.frames > 0 && pair.sound > 0, JSON.stringify(pair));
      assert.equal(await person.sessions(), 1);
    }
    assert.equal(await server.metric('bridgehall_tcp_connections_total', '"media"') >= 2, true);
    assert.match(await network.route('nft', 'list', 'ruleset'), /packets [1-9]/, 'there was UDP to be dropped');
  });
});
