// The chair's desk: everybody beside the pictures with live state, and each thing a chair does with them; the layouts of hall and delegate.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { passesAxe, prepare } from '../lib/looks.mjs';
import { invite, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180 };

describe('the chair\'s desk', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  const prepared = (context) => prepare(context, violations);
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, chair, site, other, delegate;
  let everybody = 0; // seats
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const row = (seat) => chair.page.locator(`[data-person=${seat}]`);
  const reads = (seat, pattern, options = {}) => until(`the row of ${seat} reads ${pattern}`, async () => pattern.test(await row(seat).innerText()), options);
  const layoutOf = ({ page }) => page.locator('[data-layout]').getAttribute('data-layout');
  const shows = (person, layout, options = {}) => until(`${person.seat} sees the layout ${layout}`, async () => (await layoutOf(person)) === layout, options);
  const order = () => chair.page.locator('[data-person]').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-person')));

  before(async () => {
    chair = await join(world.chromium, world.server, 'chair', { ...size, speaking: true, prepared, context: { viewport: { width: 1366, height: 768 } } });
    hall = await join(world.chromium, world.server, 'hall', { ...size, hash: '&view=wall' });
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, speaking: true });
    other = await join(world.chromium, world.server, 'cao-bang', { ...size, speaking: true });
    delegate = await join(world.chromium, world.server, 'delegate-1', { ...size, prepared });
    await chair.page.getByRole('complementary', { name: 'Desk' }).waitFor();
    everybody = await chair.page.locator('[data-person]').count();
  });

  it('has everybody beside the pictures from the start, and says in words who is live', async (t) => {
    await Promise.all([reads('ha-giang', /speaking|live/, noting(t)), reads('lai-chau', /not here/), reads('hall', /on stage/), chair.sees('hall', { use: 'stage' })]);
    await chair.says(/Speaking now\s+.*(Hà Giang|Cao Bằng|Chủ tọa)/, noting(t));
    assert.match(await chair.page.locator('#seats').innerText(), /5 present of \d+/);
    await passesAxe(chair.page);
  });

  it('closes one microphone; row and page say so', async (t) => {
    await chair.press('Close the microphone of Hà Giang');
    await site.says(/The chair has closed your microphone\./, noting(t));
    await reads('ha-giang', /microphone closed by the chair/, noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await chair.press('Give Hà Giang the floor');
    await hall.hears('ha-giang', noting(t));
    await reads('ha-giang', /speaking|live/, noting(t));
  });

  it('closes all microphones but one, and the chair\'s own', async (t) => {
    await chair.press('Close all microphones but that of Cao Bằng');
    await site.says(/The chair has closed your microphone\./, noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await Promise.all([hall.hears('cao-bang', noting(t)), hall.hears('chair', noting(t))]);
  });

  it('closes everybody\'s', async (t) => {
    await chair.press('Close other microphones');
    await other.says(/The chair has closed your microphone\./, noting(t));
    await hall.hearsNoMore('cao-bang', noting(t));
    await hall.hears('chair', noting(t));
  });

  it('has a queue, first come first, with one click for the floor', async (t) => {
    for (const person of [other, site]) {
      await person.press('Raise hand');
      await person.press('contribution');
      await chair.page.locator(`[data-hand=${person.seat}]`).waitFor();
    }
    assert.deepEqual(await chair.page.locator('[data-hand]').evaluateAll((hands) => hands.map((hand) => hand.getAttribute('data-hand'))), ['cao-bang', 'ha-giang']);
    await passesAxe(chair.page);
    await chair.page.locator('[data-hand] .give').first().click();
    await hall.hears('cao-bang', noting(t));
    await until('one hand is left', async () => (await chair.page.locator('[data-hand]').count()) === 1, noting(t));
    await chair.press('Lower the hand of Hà Giang');
    await chair.says(/Nobody is asking at the moment\./, noting(t));
  });

  it('puts a site on stage, as the hall and the row say', async (t) => {
    await chair.press('Put Cao Bằng on stage');
    await Promise.all([hall.sees('cao-bang', { use: 'stage', ...noting(t) }), reads('cao-bang', /on stage/, noting(t))]);
    await chair.says(/On stage\s+Cao Bằng/);
  });

  it('chooses the hall\'s layout; delegates follow it unless they chose their own', async (t) => {
    await delegate.page.setViewportSize({ width: 640, height: 480 });
    await delegate.page.locator('#open-more').waitFor();
    await delegate.press('My view');
    await delegate.page.getByRole('radio', { name: 'Mosaic' }).check();
    await shows(delegate, 'mosaic', noting(t));
    await passesAxe(delegate.page);
    await delegate.page.keyboard.press('Escape');
    const box = async (person, selector) => (await person.page.locator(selector).boundingBox()) ?? { width: 0, height: 0 };
    await until('everybody is equally large', async () => Math.abs((await box(delegate, 'figure[data-use=stage]')).width - (await box(delegate, 'figure[data-seat=ha-giang]')).width) < 1, noting(t));
    let qualities = [];
    await until('nothing but low layers is asked for', async () => (qualities = await delegate.page.locator('figure').evaluateAll((all) => all.map((one) => one.getAttribute('data-quality')))).every((quality) => quality === 'low'), noting(t)).catch((error) => {
      throw new Error(`${error.message} ${qualities}`);
    });

    await chair.press('Side by side');
    await Promise.all([shows(hall, 'side_by_side', noting(t)), shows(site, 'side_by_side', noting(t))]);
    assert.equal(await layoutOf(delegate), 'mosaic');
    // Whoever spoke last of the others stands beside the stage.
    await chair.speak(false); // so that nobody else is heard
    await chair.press('Give Hà Giang the floor');
    await until('Hà Giang is as large as the stage', async () => {
      const [stage, second] = await Promise.all(['figure[data-use=stage]', 'figure[data-seat=ha-giang]'].map((selector) => box(hall, selector)));
      return stage.width > 300 && Math.abs(stage.width - second.width) < 1;
    }, noting(t)).catch(async (error) => {
      throw new Error(`${error.message} ${await row('ha-giang').innerText()} ${await site.words()} ${JSON.stringify(await hall.page.locator('figure').evaluateAll((all) => all.map((one) => [one.dataset.use, one.dataset.seat, one.getBoundingClientRect().width])))}`);
    });
    await hall.sees('ha-giang', noting(t));

    await delegate.page.reload();
    await delegate.pressJoin();
    await delegate.joined();
    await shows(delegate, 'mosaic', noting(t));
    await delegate.press('My view');
    await delegate.page.getByRole('radio', { name: 'As in the hall (Side by side)' }).check();
    await delegate.page.keyboard.press('Escape');
    await shows(delegate, 'side_by_side', noting(t));
    await chair.press('Speaker and others');
    await Promise.all([hall, site, delegate].map((person) => shows(person, 'speaker', noting(t))));
  });

  it('moves no row while somebody points at the list', async (t) => {
    await row('ha-giang').hover();
    const before = await order();
    assert.ok(before.indexOf('bac-kan') > before.indexOf('delegate-1'), 'who is not here stands after who is');
    const late = await join(world.chromium, world.server, 'bac-kan', size);
    await until('the row says that somebody is there', async () => (await row('bac-kan').getAttribute('data-present')) === 'true', noting(t));
    assert.deepEqual(await order(), before);
    await chair.page.locator('header').hover();
    await until('the row has its place', async () => { const now = await order(); return now.indexOf('bac-kan') < now.indexOf('delegate-1'); }, noting(t));
    await late.close();
  });

  it('is searched by name, without accents, and filtered', async (t) => {
    const search = chair.page.getByRole('searchbox', { name: 'Search by name or place' });
    await search.fill('cao bang');
    await until('one row is left', async () => (await order()).join() === 'cao-bang', noting(t));
    await search.fill('nobody at all');
    await chair.says(/Nobody is called that\./, noting(t));
    await passesAxe(chair.page);
    await search.fill('');
    await chair.page.getByRole('button', { name: /^Live/ }).click();
    await until('only who is live is left', async () => !(await order()).includes('lai-chau') && (await order()).includes('chair'), noting(t));
    await chair.page.getByRole('button', { name: /^All/ }).click();
    await until('all are back', async () => (await order()).length === everybody, noting(t));
  });

  it('asks before it removes, and removes', async (t) => {
    await chair.press('Remove Hà Giang');
    await chair.page.getByRole('dialog', { name: 'Remove Hà Giang?' }).waitFor();
    await passesAxe(chair.page);
    await chair.page.keyboard.press('Escape');
    await until('the focus is where it was', () => chair.page.evaluate(() => document.activeElement?.getAttribute('aria-label') === 'Remove Hà Giang'), noting(t));
    assert.equal(await site.state(), 'connected');
    await chair.press('Remove Hà Giang');
    await chair.press('Remove');
    await site.says(/The chair has ended your participation\./, noting(t));
    await reads('ha-giang', /not here/, noting(t));
  });

  it('says in words what was refused', async (t) => {
    await chair.press('Remove Đại biểu 1');
    await delegate.press('Leave');
    await reads('delegate-1', /not here/, noting(t));
    await chair.press('Remove');
    await until('the desk says it', async () => /Nobody is connected there at the moment\./.test(await chair.page.locator('aside.lead').innerText()), noting(t));
    await passesAxe(chair.page);
  });

  it('locks the room', async (t) => {
    await chair.page.getByRole('switch', { name: 'Nobody new may join' }).click();
    const late = await invite(world.chromium, world.server, 'delegate-2', size);
    await late.pressJoin();
    await late.says(/The conference is locked: nobody new may join now\./, noting(t));
    await passesAxe(chair.page);
    await chair.page.getByRole('switch', { name: 'Nobody new may join' }).click();
    await late.close();
  });

  it('is a panel on a phone', async () => {
    await chair.page.setViewportSize({ width: 360, height: 740 });
    await chair.openPanel('people');
    await chair.page.locator('aside.panel .desk').waitFor();
    // All of it in sight: what the edge of something that scrolls cuts off is no small target.
    await chair.page.setViewportSize({ width: 360, height: 1800 });
    await passesAxe(chair.page);
    await chair.page.keyboard.press('Escape');
    await chair.page.setViewportSize({ width: 1366, height: 768 });
  });

  it('all of that in one session, without a complaint', async () => {
    for (const person of [hall, chair, other]) assert.deepEqual([await person.sessions(), person.complaints], [1, []]);
    assert.deepEqual(violations, []);
  });
});
