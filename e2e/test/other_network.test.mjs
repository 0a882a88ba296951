// A site changes its network, from the wireless one to the cable: its page comes back over the new line by itself.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { noNamespaces } from '../lib/namespaces.mjs';
import { beginRecord, flowsAgain, Roaming } from '../lib/roaming.mjs';

describe('a site that changes its network', { skip: noNamespaces }, () => {
  /** @type {Roaming} */
  let roaming;
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;

  before(async () => {
    roaming = await Roaming.make({ lines: 2 });
    [hall, site] = await roaming.meet();
  });
  after(() => roaming?.remove());

  it('comes back by a restart of ICE within seconds, without being loaded anew, its microphone still open', async (t) => {
    await Promise.all([hall, site].map(beginRecord));
    const told = site.says(/The connection is interrupted|Pictures and sound are interrupted/, { ceiling: 10_000 });
    await roaming.changeLine();
    await told;
    const [atHall, atSite] = await Promise.all([hall, site].map((person) => flowsAgain(person, { ceiling: 20_000 })));
    const states = atSite.states.map(({ state, at }) => `${state} ${at.toFixed(0)}`).join(', ');
    t.diagnostic(`nothing came to the hall for ${atHall.longest.toFixed(0)} ms, to the site for ${atSite.longest.toFixed(0)} ms; ${states}`);
    assert.match(states, /restarting/);
    assert.ok(Math.max(atHall.longest, atSite.longest) < 8_000);
    assert.equal(await site.sessions(), 1);
    await Promise.all([site.says(/Your microphone is open: you can be heard\./), hall.hears('ha-giang'), site.hears('hall'), hall.sees('ha-giang'), site.sees('hall')]);
  });
});
