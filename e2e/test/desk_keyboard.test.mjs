// A whole session of a moderator without a mouse, and the single keys that can be switched off.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { passesAxe, prepare, tabTo } from '../lib/looks.mjs';
import { invite, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180 };

describe('a moderator without a mouse', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site, moderator;
  /** @type {import('../lib/participants.mjs').Participant[]} */
  let delegates;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const key = (name) => moderator.page.keyboard.press(name);
  const focus = () => moderator.page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent?.trim() ?? '');
  const focusIs = (pattern, options = {}) => until(`the focus is on ${pattern}`, async () => pattern.test(await focus()), options);

  /** Waits until the one's row has gone below the other's. */
  const moves = (seat, above, options) =>
    until(`${seat} is below ${above}`, async () => {
      const [lower, upper] = await Promise.all([seat, above].map((id) => moderator.page.locator(`[data-person=${id}]`).getAttribute('aria-rowindex')));
      return Number(lower) > Number(upper);
    }, options);

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', size);
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, speaking: true });
    moderator = await invite(world.chromium, world.server, 'moderator', { ...size, prepared: (context) => prepare(context, violations), context: { viewport: { width: 1366, height: 768 } } });
  });

  it('joins', async (t) => {
    await until('the page is ready', async () => /Ready/.test(await moderator.page.locator('main').innerText()));
    await key('Enter'); // Join has the focus
    await moderator.joined(noting(t));
    await moderator.page.locator('aside.lead .desk').waitFor();
    assert.equal(await moderator.page.evaluate(() => document.activeElement?.tagName), 'MAIN');
  });

  it('closes and opens the own microphone with one key', async (t) => {
    await moderator.says(/Your microphone is open/, noting(t));
    await key('m');
    await moderator.says(/Your microphone is closed\./, noting(t));
    await key('m');
    await moderator.says(/Your microphone is open/, noting(t));
  });

  it('finds a site by its name and goes to its row', async () => {
    await key('/');
    await focusIs(/^$/);
    await moderator.page.keyboard.type('ha gi'); // none of these is a shortcut while typing
    await key('ArrowDown');
    await focusIs(/^Hà Giang/);
    await passesAxe(moderator.page);
  });

  it('closes and opens its microphone, by letter and by button', async (t) => {
    await key('o');
    await site.says(/The chair has closed your microphone\./, noting(t));
    await key('ArrowRight');
    await focusIs(/^Give Hà Giang the floor/);
    await key('Enter');
    await site.says(/Your microphone is open/, noting(t));
    await focusIs(/^Close the microphone of Hà Giang/, noting(t)); // the focus has stayed
  });

  it('puts it on stage', async (t) => {
    await key('s');
    await hall.sees('ha-giang', { use: 'stage', ...noting(t) });
    await key('s');
    await until('the stage is empty', async () => (await hall.places({ use: 'stage' })).length === 0, noting(t));
  });

  it('closes all other microphones', async (t) => {
    await key('a');
    await hall.says(/The chair has closed your microphone\./, noting(t));
    await site.says(/Your microphone is open/);
    await key('q');
    await site.says(/The chair has closed your microphone\./, noting(t));
  });

  it('is left at the search when nobody is left in a list that was filtered', async (t) => {
    const row = moderator.page.locator('[data-person=ha-giang] [data-column="0"]');
    await site.press('Raise hand');
    await site.press('reply');
    await moderator.page.getByRole('button', { name: /^Asking/ }).click();
    await row.focus();
    await site.press('Lower hand');
    await until('the focus is in the search', () => moderator.page.evaluate(() => document.activeElement?.matches('input[type=search]')), noting(t));
    await moderator.page.getByRole('button', { name: /^All/ }).click();
    await row.focus();
  });

  it('gives the floor to whoever is first in the queue', async (t) => {
    await site.press('Raise hand');
    await site.press('reply');
    await moderator.page.locator('[data-hand=ha-giang]').waitFor();
    await key('g');
    await site.says(/Your microphone is open/, noting(t));
  });

  it('chooses the hall\'s layout', async (t) => {
    const shows = (layout) => until(`the hall sees ${layout}`, async () => (await hall.page.locator('[data-layout]').getAttribute('data-layout')) === layout, noting(t));
    await key('3');
    await shows('mosaic');
    await key('1');
    await shows('speaker');
  });

  it('locks and unlocks', async (t) => {
    const locked = (is) => until(`the switch is ${is}`, async () => (await moderator.page.getByRole('switch', { name: 'Nobody new may join' }).getAttribute('aria-checked')) === is, noting(t));
    await key('k');
    await locked('true');
    await key('k');
    await locked('false');
  });

  it('goes through the list by arrows', async () => {
    await key('/');
    await moderator.page.keyboard.press('ControlOrMeta+a');
    await key('Delete');
    await key('ArrowDown');
    await focusIs(/^Hội trường/);
    await key('End');
    await focusIs(/^Đại biểu 3/);
    await key('Home');
    await key('ArrowDown');
    await focusIs(/^Điều phối kỹ thuật/); // the chair is not here: presence first
    await key('ArrowDown');
    await focusIs(/^Hà Giang/);
  });

  it('removes after a question', async (t) => {
    await key('Delete');
    await focusIs(/^Cancel$/);
    await key('m'); // a dialog covers the page's keys
    await tabTo(moderator.page, 'Remove');
    await key('Enter');
    await site.says(/The chair has ended your participation\./, noting(t));
    assert.match(await moderator.words(), /Your microphone is open/);
    await focusIs(/^Hà Giang/, noting(t)); // the focus stays in the row though its buttons are gone
    await moves('ha-giang', 'chair', noting(t)); // who is here first
    await focusIs(/^Hà Giang/, noting(t));
  });

  it('reads what the keys are, and switches them off', async (t) => {
    await key('?');
    await moderator.page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await focusIs(/^Single keys act at once/);
    await passesAxe(moderator.page);
    await key('Space');
    await key('Escape');
    await until('the list is closed', async () => (await moderator.page.getByRole('dialog').count()) === 0, noting(t));
    await key('m');
    await key('?');
    await key('ArrowUp');
    await focusIs(/^Báo cáo viên/, noting(t)); // arrows go on working
    assert.match(await moderator.words(), /Your microphone is open/);
    assert.equal(await moderator.page.getByRole('dialog').count(), 0);
  });

  it('switches them on again', async (t) => {
    await tabTo(moderator.page, 'Keyboard');
    await key('Enter');
    await focusIs(/^Single keys act at once/);
    await key('Space');
    await key('Escape');
    await key('m');
    await moderator.says(/Your microphone is closed\./, noting(t));
  });

  it('answers the queue by its buttons: the focus goes on to the next, and then to the heading', async (t) => {
    delegates = [];
    for (const seat of ['delegate-1', 'delegate-2']) {
      const delegate = await join(world.chromium, world.server, seat, size);
      delegates.push(delegate);
      await delegate.press('Raise hand');
      await delegate.press('reply');
      await moderator.page.locator(`[data-hand=${seat}]`).waitFor();
    }
    await moderator.page.locator('[data-hand=delegate-1] .give').focus();
    await key('Enter');
    await focusIs(/^Give the floor: Đại biểu 2/, noting(t));
    await key('Tab');
    await focusIs(/^Lower the hand of Đại biểu 2/);
    await key('Enter');
    await focusIs(/^Asking for the floor$/, noting(t));
  });

  it('removes by the button of a row: the focus stays in the row', async (t) => {
    const [first, second] = delegates;
    const remove = (seat) => moderator.page.locator(`[data-person=${seat}] [data-column]`).last();
    await remove('delegate-1').focus();
    await key('Enter');
    await focusIs(/^Cancel$/);
    await tabTo(moderator.page, 'Remove');
    await key('Enter');
    await first.says(/The chair has ended your participation\./, noting(t));
    await focusIs(/^Đại biểu 1/, noting(t));
    await moves('delegate-1', 'delegate-2', noting(t));
    await focusIs(/^Đại biểu 1/, noting(t));
    await remove('delegate-2').focus();
    await key('Enter');
    await focusIs(/^Cancel$/);
    await second.press('Leave'); // during the question
    await until('the row is empty', async () => (await moderator.page.locator('[data-person=delegate-2]').getAttribute('data-present')) === 'false', noting(t));
    await key('Escape');
    await focusIs(/^Đại biểu 2/, noting(t));
  });

  it('leaves', async (t) => {
    await tabTo(moderator.page, 'Leave');
    await key('Enter');
    await moderator.says(/You have left the conference\./, noting(t));
    assert.equal(await moderator.page.evaluate(() => document.activeElement?.tagName), 'H1');
    await passesAxe(moderator.page);
    assert.deepEqual(violations, []);
  });
});
