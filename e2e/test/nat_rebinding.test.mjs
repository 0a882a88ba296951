// A router forgets a connection, or gets another address: media find their way again by an authenticated check from the new address.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { noNamespaces } from '../lib/namespaces.mjs';
import { beginRecord, flowsAgain, Roaming, timeIn } from '../lib/roaming.mjs';

describe('a site behind a router that translates addresses', { skip: noNamespaces }, () => {
  /** @type {Roaming} */
  let roaming;
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;

  before(async () => {
    roaming = await Roaming.make();
    await roaming.hide();
    [hall, site] = await roaming.meet();
  });
  after(() => roaming?.remove());

  const rebound = async (t, what, change) => {
    await Promise.all([hall, site].map(beginRecord));
    await change();
    const records = await Promise.all([hall, site].map((person) => flowsAgain(person)));
    t.diagnostic(`${what}: nothing came to the hall for ${records[0].longest.toFixed(0)} ms, to the site for ${records[1].longest.toFixed(0)} ms; states of the site: ${records[1].states.map(({ state }) => state).join(' ')}`);
    return records;
  };

  it('goes on in the same session when the router takes another port', async (t) => {
    assert.equal((await roaming.hiddenPorts()).length > 0, true);
    for (const record of await rebound(t, 'another port', () => roaming.rebind())) assert.ok(record.longest < 4_000, `${record.longest} ms`);
    assert.equal(await site.sessions(), 1);
    await Promise.all([hall.hears('ha-giang'), site.hears('hall'), hall.sees('ha-giang'), site.sees('hall')]);
  });

  it('restarts ICE when the way is blocked while the page\'s own connection lives, within two seconds', async (t) => {
    await Promise.all([hall, site].map(beginRecord));
    await roaming.blockPresentPorts();
    const [atHall, atSite] = await Promise.all([hall, site].map((person) => flowsAgain(person)));
    const restart = timeIn(atSite.states, 'restarting');
    t.diagnostic(`nothing came to the hall for ${atHall.longest.toFixed(0)} ms, to the site for ${atSite.longest.toFixed(0)} ms, of which the restart took ${restart.toFixed(0)} ms`);
    assert.ok(restart > 0, 'ICE was not restarted');
    assert.ok(restart <= 2_000, `the restart took ${restart} ms`);
    assert.ok(Math.max(atHall.longest, atSite.longest) < 8_000);
    assert.equal(await site.sessions(), 1);
    await Promise.all([hall.hears('ha-giang'), site.hears('hall')]);
  });

  it('goes on in the same session when the router gets another address', async (t) => {
    for (const record of await rebound(t, 'another address', () => roaming.moveRouter())) assert.ok(record.longest < 6_000, `${record.longest} ms`);
    assert.equal(await site.sessions(), 1);
    await Promise.all([hall.hears('ha-giang'), site.hears('hall'), hall.sees('ha-giang'), site.sees('hall')]);
  });
});
