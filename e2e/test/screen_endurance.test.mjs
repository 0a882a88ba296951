// The hall's screen, alone for days: the server is killed, the line is cut, both stand still, again and again. It comes back each time in
// the same document, and is no heavier afterwards. BRIDGEHALL_CYCLES=100 breaks it as often; by default it is 10 times.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { addScreen, openScreen } from '../lib/screen.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const cycles = Number(process.env.BRIDGEHALL_CYCLES ?? 10);
const warmUp = 3; // one of each kind
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

describe(`the hall's screen through ${cycles} interruptions`, () => {
  const world = suite();
  before(() => addScreen(world.server));

  it('is live again after each, in the same document, and no heavier', async (t) => {
    const proxy = await Proxy.start(world.server.port);
    t.after(() => proxy.end());
    await join(world.chromium, world.server, 'hall', { width: 320, height: 180 });
    const screen = await openScreen(world.chromium, world.server, { origin: proxy.origin });
    await screen.sees('hall', { use: 'stage' });
    const { page } = screen;
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Performance.enable');
    await page.evaluate(() => (window.sameDocument = true));

    const link = () => page.locator('.wall').getAttribute('data-link');
    const interrupted = () => until('it says that it is interrupted', async () => /interrupted/.test(await page.locator('[role=status]').innerText()));
    // A picture that comes after this question, in a session that is whole.
    const showsAnew = () =>
      page.evaluate(async () => {
        const wall = document.querySelector('.wall');
        const video = document.querySelector('figure[data-use=stage][data-state=showing] video:not(.hidden)');
        if (wall?.dataset.link !== 'live' || wall.dataset.state !== 'connected' || !video) return false;
        const next = new Promise((done) => video.requestVideoFrameCallback(() => done(true)));
        return Promise.race([next, new Promise((done) => setTimeout(done, 500, false))]);
      });

    const breaks = {
      killed: async () => {
        await world.server.end('SIGKILL');
        await interrupted();
        return () => world.server.begin();
      },
      cut: async () => {
        proxy.cut();
        await interrupted();
        return () => proxy.mend();
      },
      still: async () => {
        world.server.process.kill('SIGSTOP');
        await interrupted();
        return () => world.server.process.kill('SIGCONT');
      },
    };

    async function weigh() {
      await devtools.send('HeapProfiler.collectGarbage');
      await devtools.send('HeapProfiler.collectGarbage');
      const { usedSize } = await devtools.send('Runtime.getHeapUsage');
      const { nodes, jsEventListeners, documents } = await devtools.send('Memory.getDOMCounters');
      const { result } = await devtools.send('Runtime.evaluate', { expression: 'RTCPeerConnection.prototype' });
      const { objects } = await devtools.send('Runtime.queryObjects', { prototypeObjectId: result.objectId });
      const { result: all } = await devtools.send('Runtime.callFunctionOn', { objectId: objects.objectId, functionDeclaration: 'function () { return this.length; }', returnByValue: true });
      await Promise.all([objects, result].map(({ objectId }) => devtools.send('Runtime.releaseObject', { objectId })));
      return { heap: usedSize, nodes, listeners: jsEventListeners, documents, connections: all.value };
    }

    const weights = [];
    const times = { killed: [], cut: [], still: [] };
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const kind = /** @type {const} */ (['killed', 'cut', 'still'])[cycle % 3];
      const mend = await breaks[kind]();
      await mend();
      const began = performance.now();
      await until(`it is live after it was ${kind} (${cycle + 1})`, showsAnew, { ceiling: 15_000 }).catch(async (error) => {
        throw new Error(`${error.message} ${await link()} ${screen.complaints.slice(-3).join(' | ')}\n${world.server.log.slice(-1_000)}`);
      });
      times[kind].push((performance.now() - began) / 1000);
      assert.equal(await page.evaluate(() => window.sameDocument), true, 'it is the same document');
      weights.push(await weigh());
      const { heap, nodes, listeners, connections } = weights.at(-1);
      if (cycle % 10 === 0 || cycle === cycles - 1) t.diagnostic(`after ${cycle + 1}: heap ${(heap / 1e6).toFixed(2)} MB, ${nodes} nodes, ${listeners} listeners, ${connections} peer connections`);
    }
    for (const [kind, all] of Object.entries(times)) t.diagnostic(`${kind} ${all.length} times: live again after ${median(all).toFixed(2)} s (median), ${Math.max(...all).toFixed(2)} s at most`);

    const settled = weights.slice(warmUp);
    const part = Math.max(3, Math.floor(settled.length / 4));
    const over = (what) => [median(settled.slice(0, part).map((weight) => weight[what])), median(settled.slice(-part).map((weight) => weight[what]))];
    const [first, last] = over('heap');
    t.diagnostic(`heap: ${(first / 1e6).toFixed(2)} MB at first, ${(last / 1e6).toFixed(2)} MB at last (${((last / first - 1) * 100).toFixed(1)} %)`);
    assert.ok(Math.abs(last / first - 1) <= 0.1, `the heap went from ${first} to ${last}`);
    for (const what of ['nodes', 'listeners', 'documents', 'connections']) {
      const [before, after] = over(what);
      assert.ok(after <= before * 1.05, `${what} went from ${before} to ${after}`);
    }
  });
});
