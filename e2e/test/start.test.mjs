// The page without a link: of a demo its roles to try, else how one takes part.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fits, passesAxe, photograph, prepare, tabTo } from '../lib/looks.mjs';
import { readSeats } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('the start page', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];

  /** @param {(route: import('playwright-core').Route) => unknown} [answer] to the question for the demo; absent: the server's own */
  async function open(answer, options = {}) {
    const context = await world.chromium.newContext({ locale: 'en-US', viewport: { width: 1366, height: 768 }, ...options });
    await prepare(context, violations);
    const page = await context.newPage();
    if (answer) await page.route('**/api/demo', answer);
    await page.goto(world.server.origin);
    return page;
  }

  /** As the server of a demo answers. */
  async function demo() {
    const links = (await readSeats(world.server)).filter(({ role }) => role !== 'viewer').map(({ id, name, role, invitation }) => ({ seat: id, name, role, fragment: `#invitation=${invitation}` }));
    const screen = { seat: 'screen', name: 'Màn chiếu', role: 'viewer', fragment: '#invitation=0123&view=wall' };
    return { conference: { id: 'demo', title: 'Hội nghị tập huấn trực tuyến' }, links: [...links, screen] };
  }
  const tell = (body) => (route) => route.fulfill({ json: body, headers: { 'Cache-Control': 'no-store' } });
  const say404 = (route) => route.fulfill({ status: 404, contentType: 'application/problem+json', body: '{}' });

  it('of a demo has every seat\'s link, and a sentence for each role', async () => {
    const told = await demo();
    const page = await open(tell(told));
    await page.getByRole('heading', { name: /Try it/ }).waitFor();
    for (const { name, fragment } of told.links) assert.equal(await page.locator('.roles').getByRole('link', { name, exact: true }).getAttribute('href'), fragment);
    for (const card of await page.locator('.roles > li').all()) assert.match(await card.locator('p').innerText(), /^[A-Z].{20,}\.$/);
    await passesAxe(page);
    await photograph(page, 'start-demo');
    await page.context().close();
  });

  it('has the links that the server of a demo tells its own machine', async () => {
    const page = await open();
    await page.getByRole('heading', { name: /Try it/ }).waitFor();
    const seats = await page.locator('.roles a').evaluateAll((links) => links.map(({ dataset }) => dataset.seat));
    assert.deepEqual(seats.sort(), (await readSeats(world.server)).map(({ id }) => id).sort());
    await page.context().close();
  });

  it('leads to the hall and a site in windows of their own, by keyboard', async () => {
    const page = await open(tell(await demo()));
    await page.getByRole('heading', { name: /Try it/ }).waitFor();
    for (const name of ['Hội trường', 'Hà Giang']) {
      await tabTo(page, name);
      const [opened] = await Promise.all([page.context().waitForEvent('page'), page.keyboard.press('Enter')]);
      await opened.getByRole('heading', { name: `Join as ${name}` }).waitFor();
      await opened.close();
    }
    await page.context().close();
  });

  it('of another server says what this is, and takes a link that is pasted', async () => {
    const page = await open(say404);
    await page.getByText('You take part by a personal link.').waitFor();
    await passesAxe(page);
    await photograph(page, 'start');
    const field = page.getByLabel('Your personal link or access token');
    await field.fill('good morning');
    await page.keyboard.press('Enter');
    await page.getByText('This is neither a link with a token nor a token.').waitFor();
    await passesAxe(page);
    const [{ invitation, name }] = await readSeats(world.server);
    await field.fill(`${world.server.origin}/#invitation=${invitation}`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: `Join as ${name}` }).waitFor();
    await page.context().close();
  });

  it('is what a mistyped address shows, from where a pasted link leads on', async () => {
    const page = await open();
    const answer = await page.goto(`${world.server.origin}/nonsense`);
    assert.equal(answer?.status(), 404);
    await page.getByRole('heading', { name: /Try it/ }).waitFor();
    assert.equal(page.url(), `${world.server.origin}/`);
    await page.context().close();
  });

  it('says that the server cannot be reached, and tries on', async (t) => {
    const page = await open((route) => route.abort());
    await page.getByText('The server cannot be reached. The page keeps trying by itself.').waitFor();
    await passesAxe(page);
    await page.unroute('**/api/demo');
    await page.route('**/api/demo', tell(await demo()));
    await until('the roles are there', () => page.getByRole('heading', { name: /Try it/ }).isVisible(), { note: (line) => t.diagnostic(line) });
    await page.context().close();
  });

  it('speaks four languages on a phone', async () => {
    const told = await demo();
    for (const [locale, words] of /** @type {const} */ ([['vi-VN', 'Dùng thử'], ['fr-FR', 'À essayer'], ['de-DE', 'Zum Ausprobieren'], ['en-GB', 'Try it']])) {
      const page = await open(tell(told), { locale, viewport: { width: 360, height: 740 } });
      await page.getByRole('heading', { name: words }).waitFor();
      await passesAxe(page);
      await fits(page, locale);
      await page.screenshot({ path: new URL(`../../build/screenshots/start-${locale}.png`, import.meta.url).pathname, fullPage: true });
      await page.context().close();
    }
  });

  it('breaks no rule of the content security policy and throws nothing', () => assert.deepEqual(violations, []));
});
