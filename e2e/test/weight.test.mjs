// What a delegate's browser is sent until the first picture of somebody else is there, and by whom.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { prepare } from '../lib/looks.mjs';
import { join, readSeats } from '../lib/participants.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const mostBytes = 150_000; // all that goes over TCP: the files, the heads of HTTP, the messages of the WebSocket

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
    const line = await Proxy.start(world.server.port);
    t.after(() => line.end());
    context.on('request', (request) => new URL(request.url()).origin === line.origin || elsewhere.push(request.url()));
    const page = await context.newPage();
    const devtools = await context.newCDPSession(page);
    await devtools.send('Network.enable');
    const files = new Map();
    /** @type {{ name: string, kilobytes: number }[]} */
    const fetched = [];
    let messages = 0;
    devtools.on('Network.responseReceived', ({ requestId, response }) => files.set(requestId, new URL(response.url).pathname));
    devtools.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => fetched.push({ name: files.get(requestId) ?? '?', kilobytes: encodedDataLength / 1000 }));
    for (const event of /** @type {const} */ (['Network.webSocketFrameReceived', 'Network.webSocketFrameSent']))
      devtools.on(event, ({ response }) => (messages += Buffer.byteLength(response.payloadData)));

    const { invitation } = (await readSeats(world.server)).find(({ id }) => id === 'delegate-1');
    await page.goto(`${line.origin}/#invitation=${invitation}`);
    await page.getByRole('button', { name: 'Tham gia', exact: true }).click();
    const decoded = () =>
      page.evaluate(async () => {
        const report = (await window.bridgehall.peerConnection?.getStats()) ?? new Map();
        return [...report.values()].some(({ type, kind, framesDecoded }) => type === 'inbound-rtp' && kind === 'video' && framesDecoded > 0);
      });
    await until('a picture from the hall is decoded', decoded, { note: (words) => t.diagnostic(words) });
    const carried = line.carried;
    const answers = fetched.reduce((sum, { kilobytes }) => sum + kilobytes, 0);
    t.diagnostic(`until the first picture: ${(carried / 1000).toFixed(1)} kB, of which ${answers.toFixed(1)} are answers over HTTP; the WebSocket's messages have ${(messages / 1000).toFixed(1)} kB before they are compressed`);
    const heaviest = fetched.sort((a, b) => b.kilobytes - a.kilobytes).slice(0, 5);
    t.diagnostic(`the heaviest of ${fetched.length}, in kB: ${heaviest.map(({ name, kilobytes }) => `${name} ${kilobytes.toFixed(1)}`).join(', ')}`);
    assert.ok(carried > 20_000, 'something was counted');
    assert.ok(carried <= mostBytes, `${carried} bytes`);
    assert.ok(fetched.length <= 24, `${fetched.length} requests: each costs a round trip on a weak line`);
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(violations, []);
    await Promise.all([hall.close(), context.close()]);
  });
});
