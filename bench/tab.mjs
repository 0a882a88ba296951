// What a delegate's page costs its line and its computer: the stage large and the others small, each asked for in the layer that it is
// shown in, beside the same page asking for everybody at full size. Prints octets and decoded pixels a second and their ratios.
//
//   tools/with_node node bench/tab.mjs [--sites 14] [--seconds 15]
//
// The sites are `bridgehall load conference` with recorded simulcast; the page is Chromium's.
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { launchChromium } from '../e2e/lib/browsers.mjs';
import { program, Server } from '../e2e/lib/server.mjs';
import { until } from '../e2e/lib/until.mjs';

const { values } = parseArgs({ options: { sites: { type: 'string', default: '14' }, seconds: { type: 'string', default: '15' } } });
const seconds = Number(values.seconds);
const patience = { ceiling: 60_000 };

/** In the page: counts what comes, frame sizes looked at every half second. @param {number} lasting seconds */
async function measure(lasting) {
  const read = async () => {
    const reports = [...(await window.bridgehall.peerConnection.getStats()).values()];
    const pictures = reports.filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
    return {
      at: performance.now(),
      octets: reports.find(({ type, selectedCandidatePairId }) => type === 'transport' && selectedCandidatePairId)?.bytesReceived ?? 0,
      pictures: new Map(pictures.map(({ id, framesDecoded = 0, frameWidth = 0, frameHeight = 0 }) => [id, { frames: framesDecoded, size: frameWidth * frameHeight }])),
    };
  };
  const first = await read();
  let before = first;
  let pixels = 0;
  const seen = new Map();
  while (before.at < first.at + lasting * 1000) {
    await new Promise((done) => setTimeout(done, 500));
    const now = await read();
    for (const [id, { frames, size }] of now.pictures) {
      const come = frames - (before.pictures.get(id)?.frames ?? 0);
      pixels += come * size;
      if (come > 0) seen.set(id, size);
    }
    before = now;
  }
  const took = (before.at - first.at) / 1000;
  return { octets: (before.octets - first.octets) / took, pixels: pixels / took, pictures: seen.size };
}

/** In the page, before its own scripts: whatever it wants to see, it asks for at full size. */
function askForAll() {
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    const message = typeof data === 'string' ? JSON.parse(data) : {};
    if (message.type !== 'demand') return send.call(this, data);
    const slots = message.slots.map((slot) => (slot.quality === 'off' ? slot : { ...slot, quality: 'high' }));
    return send.call(this, JSON.stringify({ ...message, slots }));
  };
}

const server = await Server.start();
let load;
let browser;
try {
  const { seats } = JSON.parse(await readFile(join(server.data, 'conferences', 'demo.json'), 'utf8'));
  const delegate = seats.find(({ role, invitation }) => role === 'delegate' && invitation);
  load = spawn(program, ['load', 'conference', '--server', server.origin, '--data', server.data, '--sites', values.sites, '--watchers', '0', '--duration', '10m', '--warm-up', '2s'], { stdio: 'ignore' });
  await until('the sites are there', async () => (await server.metric('bridgehall_peers_connected')) >= Number(values.sites) + 1, patience);
  browser = await launchChromium();
  const figures = [];
  for (const all of [false, true]) {
    const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1366, height: 768 } });
    if (all) await context.addInitScript(askForAll);
    const page = await context.newPage();
    await page.goto(`${server.origin}/#invitation=${delegate.invitation}`);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await until('the page is connected', () => page.evaluate(() => window.bridgehall?.state === 'connected'), patience);
    // As many pictures as before, and the rates have settled.
    await until('pictures come', async () => (await page.evaluate(measure, 2)).pictures >= Math.min(4, Number(values.sites)), patience);
    await page.evaluate(measure, 5);
    figures.push(await page.evaluate(measure, seconds));
    await context.close();
  }
  const [wanted, full] = figures;
  const line = (what, a, b) => console.log(`${what.padEnd(36)} ${a.padStart(10)} ${b.padStart(10)}`);
  line('', 'as shown', 'all large');
  line('pictures', String(wanted.pictures), String(full.pictures));
  line('received, kB a second', (wanted.octets / 1e3).toFixed(0), (full.octets / 1e3).toFixed(0));
  line('decoded, million pixels a second', (wanted.pixels / 1e6).toFixed(1), (full.pixels / 1e6).toFixed(1));
  console.log(`as shown / all large: ${(wanted.octets / full.octets).toFixed(2)} of the octets, ${(wanted.pixels / full.pixels).toFixed(2)} of the pixels`);
} finally {
  await browser?.close();
  load?.kill('SIGKILL');
  await server.remove();
}
