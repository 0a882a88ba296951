// A server behind a 1:1 NAT: clients outside reach its media at the external address only.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { launchChromium } from '../lib/browsers.mjs';
import { cross } from '../lib/crossing.mjs';
import { Network, noNamespaces } from '../lib/namespaces.mjs';
import { hears, publish, seesMotion, watch } from '../lib/pages.mjs';
import { Server } from '../lib/server.mjs';

const external = '203.0.113.7';

describe('a server behind a 1:1 NAT', { skip: noNamespaces }, () => {
  /** @type {Network} */ let network;
  /** @type {Server} */ let server;
  /** @type {import('playwright-core').Browser} */ let chromium;
  /** @type {import('../lib/namespaces.mjs').Machine} */ let home;

  before(async () => {
    network = await Network.make('server', 'site');
    let away;
    [home, away] = network.machines;
    await network.route('nft', 'add table ip nat');
    await network.route('nft', 'add chain ip nat in { type nat hook prerouting priority -100; }');
    await network.route('nft', `add rule ip nat in ip daddr ${external} dnat to ${home.address}`);
    // What was sent to the inner address itself does not get through, as in the internet.
    await network.route('nft', 'add chain ip nat through { type filter hook forward priority 0; }');
    await network.route('nft', `add rule ip nat through iifname "site" ct original ip daddr ${home.address} drop`);
    server = await Server.start({ machine: home, flags: ['--media-external-addresses', `${external}/${home.address}`] });
    await cross(away, home, server.port);
    chromium = await launchChromium({ machine: away });
  });
  after(async () => {
    await chromium?.close();
    await server?.remove();
    await network?.remove();
  });

  it('is seen and heard from outside through its external address', async () => {
    const token = await server.token('moderator');
    const publisher = await publish(chromium, server, token);
    const viewer = await watch(chromium, server, token);
    await seesMotion(viewer, 'the viewer');
    await hears(viewer, 'the viewer');
    for (const page of [publisher, viewer]) {
      const pair = await page.evaluate(async () => {
        const report = await window.bridgehall.peerConnection.getStats();
        const found = [...report.values()].find((stats) => stats.type === 'candidate-pair' && stats.nominated && stats.state === 'succeeded');
        const { address, candidateType } = report.get(found?.remoteCandidateId) ?? {};
        return { address, candidateType, answer: window.bridgehall.peerConnection.remoteDescription.sdp };
      });
      assert.equal(pair.address, external);
      const hosts = [...pair.answer.matchAll(/^a=candidate:\S+ 1 udp \d+ (\S+) \d+ typ (\S+)/gm)].map(([, ip, type]) => `${ip} ${type}`);
      assert.deepEqual(hosts.slice(0, 2), [`${home.address} host`, `${external} host`], 'the short way stands first');
    }
  });
});
