// Firefox nominates its path once and then only renews consent, every five seconds: behind a router that takes another port, media
// come back with the next of these checks.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { noNamespaces } from '../lib/namespaces.mjs';
import { beginRecord, flowsAgain, Roaming } from '../lib/roaming.mjs';

describe('Firefox behind a router that translates addresses', { skip: noNamespaces }, () => {
  /** @type {Roaming} */
  let roaming;
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;

  before(async () => {
    roaming = await Roaming.make({ firefox: true });
    await roaming.hide();
    [hall, site] = await roaming.meet();
  });
  after(() => roaming?.remove());

  it('goes on in the same session when the router takes another port', async (t) => {
    await Promise.all([hall, site].map(beginRecord));
    await roaming.rebind();
    const [atHall, atSite] = await Promise.all([hall, site].map((person) => flowsAgain(person)));
    t.diagnostic(`nothing came to the hall for ${atHall.longest.toFixed(0)} ms, to the site for ${atSite.longest.toFixed(0)} ms`);
    assert.ok(Math.max(atHall.longest, atSite.longest) < 8_000);
    assert.equal(await site.sessions(), 1);
    await Promise.all([hall.sees('ha-giang'), site.sees('hall'), hall.hears(site.voice), site.hears('hall')]);
  });
});
