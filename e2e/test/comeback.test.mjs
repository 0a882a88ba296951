// What breaks heals by itself: the server dies and is there again, or a page's connection breaks while its media lives.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { passesAxe, prepare } from '../lib/looks.mjs';
import { join } from '../lib/participants.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { suite } from '../lib/suite.mjs';

const size = { width: 320, height: 180, speaking: true };

describe('a conference whose connections break', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site, delegate;
  /** @type {Proxy} */
  let proxy;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const everyone = () => [hall, site, delegate];

  before(async () => {
    proxy = await Proxy.start(world.server.port);
    hall = await join(world.chromium, world.server, 'hall', size);
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, origin: proxy.origin });
    delegate = await join(world.chromium, world.server, 'delegate-1', { ...size, prepared: (context) => prepare(context, []) });
    await Promise.all([hall.sees('ha-giang'), site.sees('hall'), site.sees('delegate-1')]);
  });

  after(() => proxy?.end());

  it('goes on in pictures and sound while the page\'s own connection is away, and catches up', async (t) => {
    await hall.openPanel('chat');
    proxy.cut();
    await site.says(/The connection is interrupted\. You will be back by yourself\./, noting(t));
    await Promise.all([site.sees('hall', noting(t)), site.hears('hall', noting(t)), hall.sees('ha-giang', noting(t)), hall.hears('ha-giang', noting(t))]);
    await hall.page.getByLabel('Your message').fill('Written meanwhile');
    await hall.press('Send');
    proxy.mend();
    await site.says(/Your microphone is open: you can be heard\./, noting(t));
    await site.openPanel('chat');
    await site.says(/Written meanwhile/, noting(t));
    await Promise.all([site.sees('hall', noting(t)), hall.sees('ha-giang', noting(t)), hall.hears('ha-giang', noting(t))]);
    assert.equal(await site.sessions(), 1);
  });

  it('is whole again within five seconds after a server that was killed listens again, microphones as they were', async (t) => {
    await world.server.end('SIGKILL');
    await Promise.all(everyone().map((person) => person.says(/The connection is interrupted|Pictures and sound are interrupted/, noting(t))));
    await Promise.all([passesAxe(delegate.page), new Promise((done) => setTimeout(done, 2_000))]); // as long as a restart takes
    const asked = performance.now();
    await world.server.begin();
    const began = performance.now();
    const back = async (done) => (await done, (performance.now() - began) / 1000);
    const times = await Promise.all([
      back(hall.sees('ha-giang')),
      back(hall.sees('delegate-1')),
      back(site.sees('hall', { use: 'stage' })),
      back(site.sees('delegate-1')),
      back(delegate.sees('hall', { use: 'stage' })),
      back(delegate.sees('ha-giang')),
    ]);
    t.diagnostic(`the server took ${((began - asked) / 1000).toFixed(2)} s to start; pictures back after ${times.map((seconds) => seconds.toFixed(2)).join(', ')} s`);
    assert.ok(Math.max(...times) <= 5, `${times}`);
    for (const person of everyone()) assert.equal(await person.sessions(), 2);
    // The record has them open, as they were.
    await Promise.all([hall.hears('ha-giang', noting(t)), hall.hears('delegate-1', noting(t)), site.hears('hall', noting(t))]);
  });
});
