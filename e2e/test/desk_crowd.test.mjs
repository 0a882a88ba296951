// The desk with two hundred sites and more: it stays usable, and what it costs is said.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { addSites, sit } from '../lib/crowd.mjs';
import { passesAxe, prepare } from '../lib/looks.mjs';
import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const sites = 200;
const seated = 60;
const batch = 10;

describe('two hundred sites', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  /** @type {import('../lib/participants.mjs').Participant} */
  let chair;
  let seats = 0;
  /** @type {import('../lib/commander.mjs').Commander[]} */
  const commanders = [];
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const rows = () => chair.page.locator('[data-person]');

  before(async () => {
    seats = await addSites(world.server, sites);
    chair = await join(world.chromium, world.server, 'chair', { width: 320, height: 180, prepared: (context) => prepare(context, violations), context: { viewport: { width: 1366, height: 768 } } });
    await chair.page.locator('aside.lead .desk').waitFor();
  });
  after(() => Promise.all(commanders.map((commander) => commander.leave())));

  it('are all in the list, and found by name', async (t) => {
    await until(`all ${seats} are listed`, async () => (await rows().count()) === seats, noting(t));
    await chair.page.getByRole('searchbox').fill('xa 137');
    await until('one is left', async () => (await rows().count()) === 1, noting(t));
    await chair.page.getByRole('searchbox').fill('');
  });

  it('come, and what that costs the page is said', async (t) => {
    const client = await chair.page.context().newCDPSession(chair.page);
    await client.send('Performance.enable');
    const spent = async () => {
      const { metrics } = await client.send('Performance.getMetrics');
      const of = (name) => metrics.find((metric) => metric.name === name)?.value ?? 0;
      return { at: performance.now(), script: of('ScriptDuration'), style: of('RecalcStyleDuration'), layout: of('LayoutDuration'), task: of('TaskDuration') };
    };
    const say = (what, count, from, to) =>
      t.diagnostic(`${what}: ${((1000 * (to.script - from.script)) / count).toFixed(2)} ms of scripting, ${((1000 * (to.style - from.style + to.layout - from.layout)) / count).toFixed(2)} ms of style and layout each, over ${((to.at - from.at) / 1000).toFixed(1)} s`);

    let from = await spent();
    for (let number = 1; number <= seated; number += batch) commanders.push(...(await Promise.all(Array.from({ length: batch }, (_, index) => sit(world.server, number + index)))));
    await until('they are shown as present', async () => (await chair.page.locator('[data-present=true]').count()) >= seated, noting(t));
    say(`${seated} arrivals`, seated, from, await spent());

    from = await spent();
    const changes = 200;
    for (let change = 0; change < changes; change += batch)
      await Promise.all(commanders.slice(0, batch).map((commander) => commander.answerTo(change % (2 * batch) ? 'close_microphone' : 'open_microphone', { seat: commander.seat })));
    say(`${changes} microphones`, changes, from, await spent());
    await until('the list shows them closed', async () => (await chair.page.locator('[data-person^=commune].live').count()) === 0, noting(t));
  });

  it('are gone through by arrows', async (t) => {
    await chair.page.getByRole('searchbox').press('ArrowDown');
    await chair.page.keyboard.press('End');
    const last = chair.page.locator('[data-person]').last();
    await until('the last row has the focus and is in sight', () => last.evaluate((row) => {
      const [box, grid] = [row.getBoundingClientRect(), row.parentElement.getBoundingClientRect()];
      return row.contains(document.activeElement) && box.top >= grid.top - 1 && box.bottom <= grid.bottom + 1;
    }), noting(t));
  });

  it('pass axe', () => passesAxe(chair.page));

  it('break no rule of the content security policy and throw nothing', () => assert.deepEqual(violations, []));
});
