// What a delegate's browser is sent until the first picture of somebody else is there, and by whom.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { prepare } from '../lib/looks.mjs';
import { join, readSeats } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const mostBytes = 150_000; // over HTTP; the messages of the WebSocket, most of them the one offer and its answer, are told beside it

describe('a delegate\'s page', () => {
  const world = suite();

  it('weighs little until the first picture of somebody else, and asks nobody else for anything', async (t) => {
    const hall = await join(world.chromium, world.server, 'hall', { width: 640, height: 360 });
    /** @type {string[]} */
    const violations = [];
    // Of the languages, one that is not built into the page.
    const context = await world.chromium.newContext({ locale: 'vi-VN', viewport: { width: 1280, height: 800 } });
    await prepare(context, violations);
    /** @type {string[]} */
    const elsewhere = [];
    context.on('request', (request) => new URL(request.url()).origin === world.server.origin || elsewhere.push(request.url()));
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const files = new Map();
    const heaviest = [];
    let [http, messages] = [0, 0];
    devtools.on('Network.responseReceived', ({ requestId, response }) => files.set(requestId, new URL(response.url).pathname));
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
      http += encodedDataLength;
      heaviest.push(`${files.get(requestId) ?? '?'} ${(encodedDataLength / 1000).toFixed(1)}`);
    });
    for (const event of /** @type {const} */ (['Network.webSocketFrameReceived', 'Network.webSocketFrameSent']))
      devtools.on(event, ({ response }) => (messages += Buffer.byteLength(response.payloadData)));

    const { invitation } = (await readSeats(world.server)).find(({ id }) => id === 'delegate-1');
    await page.goto(`${world.server.origin}/#invitation=${invitation}`);
    await page.getByRole('button', { name: 'Tham gia', exact: true }).click();
    const decoded = () =>
      page.evaluate(async () => {
        const report = (await window.bridgehall.peerConnection?.getStats()) ?? new Map();
        return [...report.values()].some(({ type, kind, framesDecoded }) => type === 'inbound-rtp' && kind === 'video' && framesDecoded > 0);
      });
    await until('a picture from the hall is decoded', decoded, { note: (line) => t.diagnostic(line) });
    t.diagnostic(`until the first picture: ${(http / 1000).toFixed(1)} kB over HTTP, and ${(messages / 1000).toFixed(1)} kB of messages`);
    const sizeOf = (line) => Number(line.split(' ')[1]);
    t.diagnostic(`the heaviest of ${heaviest.length}, in kB: ${heaviest.sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 5).join(', ')}`);
    assert.ok(http > 20_000, 'something was counted');
    assert.ok(http <= mostBytes, `${http} bytes`);
    assert.ok(messages <= mostBytes / 2, `${messages} bytes of messages`);
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(violations, []);
    await Promise.all([hall.close(), context.close()]);
  });
});
