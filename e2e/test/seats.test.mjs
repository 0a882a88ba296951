// One seat, one page: joined elsewhere, removed, locked out, invited anew.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { passesAxe, prepare } from '../lib/looks.mjs';
import { invite, join, Participant } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180, speaking: true };

describe('a seat', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let chair, site;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });

  const focus = () => site.page.evaluate(() => document.activeElement?.tagName);

  before(async () => {
    chair = await join(world.chromium, world.server, 'chair', { ...size, speaking: false });
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, prepared: (context) => prepare(context, []) });
    await chair.sees('ha-giang');
    await chair.openPanel('people');
  });

  it('is taken over by a second page; the first says so and can take it back', async (t) => {
    const second = await join(world.chromium, world.server, 'ha-giang', size);
    await site.says(/You have joined elsewhere with the same link: in another window or on another device\. This page has stopped\./, noting(t));
    assert.equal(await focus(), 'H1');
    await Promise.all([chair.sees('ha-giang', noting(t)), chair.hears('ha-giang', noting(t)), second.sees('chair', noting(t))]);
    assert.equal((await chair.places({ seat: 'ha-giang' })).length, 1);
    await site.press('Take part here again');
    await second.says(/You have joined elsewhere/, noting(t));
    await site.joined(noting(t));
    assert.equal(await focus(), 'MAIN');
    await Promise.all([chair.sees('ha-giang', noting(t)), site.sees('chair', noting(t))]);
    await second.close();
  });

  it('is emptied by the chair; its page says so and may come back, with a closed microphone', async (t) => {
    await chair.press('Remove Hà Giang');
    await chair.press('Remove');
    await site.says(/The chair has ended your participation\./, noting(t));
    assert.equal(await focus(), 'H1');
    await passesAxe(site.page);
    await until('the chair sees nobody there', async () => (await chair.places({ seat: 'ha-giang' })).length === 0, noting(t));
    await site.press('Join again');
    await site.pressJoin();
    await site.joined(noting(t));
    await chair.sees('ha-giang', noting(t));
    await site.says(/The chair has closed your microphone\./, noting(t));
    await chair.hearsNoMore('ha-giang');
  });

  it('that was empty stays so while the conference is locked; its page says why, and joins when that ends', async (t) => {
    const locked = chair.page.getByRole('switch', { name: 'Nobody new may join' });
    await locked.click();
    await site.says(/The conference is locked now\./, noting(t));
    const late = await invite(world.chromium, world.server, 'delegate-1', { ...size, prepared: (context) => prepare(context, []) });
    await late.pressJoin();
    await late.says(/The conference is locked: nobody new may join now\./, noting(t));
    await late.button('Try again').waitFor();
    assert.doesNotMatch(await late.page.locator('body').innerText(), /The picture is coming/);
    for (const colorScheme of /** @type {const} */ (['dark', 'light'])) {
      await late.page.emulateMedia({ colorScheme });
      await passesAxe(late.page);
    }
    await locked.click();
    await chair.says(/The conference is open again\./, noting(t));
    await late.joined(noting(t));
    await chair.sees('delegate-1', noting(t));
    await late.press('Leave');
    await late.close();
  });

  it('whose invitation is renewed loses its page; the old link is unknown, the new one opens it', async (t) => {
    const old = site.page.url();
    const response = await world.server.api('/api/conferences/demo/seats/ha-giang/invitation', world.moderator, { method: 'POST' });
    assert.ok(response.ok, `${response.status}`);
    const { invitation } = await response.json();
    await site.says(/Your invitation has been withdrawn\. Ask whoever sent it for a new one\./, noting(t));
    await until('the chair sees nobody there', async () => (await chair.places({ seat: 'ha-giang' })).length === 0, noting(t));
    await site.page.goto('about:blank');
    await site.page.goto(old);
    await site.says(/This invitation is not known, or it has been withdrawn\./, noting(t));
    const page = await site.page.context().newPage();
    await page.goto(`${world.server.origin}/#invitation=${invitation}`);
    const renewed = new Participant(page, 'ha-giang', site.name);
    await renewed.pressJoin();
    await renewed.joined(noting(t));
    await chair.sees('ha-giang', noting(t));
  });

  it('is left for good by closing the window: the others see it empty soon', async (t) => {
    await site.close();
    await until('the chair sees nobody there', async () => (await chair.places({ seat: 'ha-giang' })).length === 0, noting(t));
  });
});
