// Media that do not get through: the page says so in words, with what was tried and how far it came, and heals by itself.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fits, passesAxe, photograph, prepare } from '../lib/looks.mjs';
import { noNamespaces } from '../lib/namespaces.mjs';
import { open } from '../lib/pages.mjs';
import { invite } from '../lib/participants.mjs';
import { until } from '../lib/until.mjs';
import { walled } from '../lib/walled.mjs';

describe('a client that gets no media', { skip: noNamespaces }, () => {
  const world = walled();
  /** @type {string[]} */
  const violations = [];

  /** Somebody joins and waits for the words. */
  async function joinInVain(options = {}) {
    const person = await invite(world.chromium, world.server, 'ha-giang', { prepared: (context) => prepare(context, violations), ...options });
    const began = Date.now();
    await person.page.getByRole('button', { name: /^(Join|Teilnehmen)$/ }).click();
    await person.page.locator('.trouble h2').waitFor({ timeout: 15_000 });
    return { person, took: Date.now() - began };
  }
  const troubleOf = async (person) => {
    await person.page.locator('.trouble summary').click();
    return (await person.page.locator('.trouble').first().innerText()).replaceAll('\n', ' ');
  };

  it('is told that nothing arrives, what was tried and what to open; and goes on by itself when it is opened', async (t) => {
    await world.wall('drop');
    const { person, took } = await joinInVain();
    t.diagnostic(`told after ${took} ms`);
    assert.ok(took < 11_000, `${took} ms`);
    const words = await troubleOf(person);
    t.diagnostic(words);
    assert.match(words, /Picture and sound do not get through/);
    assert.match(words, /Nothing from this computer reaches the media server/);
    assert.match(words, new RegExp(`both ways: .*UDP ${world.mediaPort}`));
    assert.ok(words.includes(`UDP ${world.home.address}:${world.mediaPort} — no answer`), words);
    assert.match(words, new RegExp(`TCP ${world.home.address}:${world.mediaPort} — (no answer|could not be reached)`));
    await passesAxe(person.page);
    await photograph(person.page, 'no-media');
    await world.wall();
    await person.joined({ ceiling: 15_000 });
    await until('the words are gone', async () => (await person.page.locator('.trouble').count()) === 0);
    await person.close();
  });

  it('is told that the server hears it, when only the answers are lost', async (t) => {
    await world.wall('iifname "server" drop');
    // Whoever sends by WHIP is told, too; over HTTP the server does not say what it heard.
    const sender = await open(world.chromium, world.server.link({ as: 'publish', name: 'hall', quality: '360', token: await world.server.token('moderator') }));
    await sender.getByRole('button', { name: 'Start sending' }).click();
    const { person } = await joinInVain({ context: { locale: 'de-DE', viewport: { width: 360, height: 740 } } });
    const words = await troubleOf(person);
    t.diagnostic(words);
    assert.match(words, /Der Medienserver hört diesen Computer, aber seine Antworten kommen nicht zurück/);
    assert.ok(words.includes(`UDP ${world.home.address}:${world.mediaPort} — keine Antwort`), words);
    await fits(person.page, 'the words in German');
    await passesAxe(person.page);
    await sender.locator('.trouble summary').click();
    const told = (await sender.locator('.trouble').innerText()).replaceAll('\n', ' ');
    assert.match(told, /The way to the media server was not found/);
    assert.ok(told.includes(`UDP ${world.home.address}:${world.mediaPort} — no answer`), told);
    await Promise.all([person.close(), sender.context().close()]);
  });

  it('breaks no rule of the content security policy', () => assert.deepEqual(violations, []));
});
