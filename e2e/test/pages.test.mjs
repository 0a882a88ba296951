// The pages themselves: what they look like, whether everyone can use them, and that they keep to the server's own rules.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { passesAxe, photograph, prepare, tabTo } from '../lib/looks.mjs';
import { publish, seesMotion, startSending, wordsOf } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('the pages', () => {
  const world = suite({ hall: true });
  /** @type {string[]} */
  const violations = [];
  let viewerToken;

  /** A page with axe in it, that notes what the content security policy stops. */
  async function look(fields, options = {}) {
    const context = await world.chromium.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
    await prepare(context, violations);
    const page = await context.newPage();
    await page.goto(world.server.link(fields));
    await page.locator('h1').waitFor();
    return page;
  }

  before(async () => {
    viewerToken = await world.server.token('viewer');
  });

  it('pass axe without a token', async () => {
    const page = await look({ as: 'watch' });
    await passesAxe(page);
    await page.getByRole('button', { name: 'Continue' }).click();
    await passesAxe(page);
    await photograph(page, 'missing');
  });

  it('pass axe when publishing, and are photographed', async () => {
    const page = await look({ as: 'publish', name: 'hall', token: world.moderator });
    await until('the page is ready', async () => /^Ready/.test(await wordsOf(page)));
    await passesAxe(page);
    await startSending(page);
    await until('the page is live', async () => /^Live/.test(await wordsOf(page)));
    await page.getByText('pictures a second').waitFor();
    await passesAxe(page);
    await photograph(page, 'publish');
    await page.getByRole('button', { name: 'Mute microphone' }).click();
    await page.getByRole('button', { name: 'Turn camera off' }).click();
    await passesAxe(page);
    await page.context().close();
  });

  it('pass axe when watching, and are photographed', async () => {
    const publisher = await publish(world.chromium, world.server, world.moderator, { quality: '720' });
    const site = await publish(world.chromium, world.server, await world.server.token('site'), { name: '' });
    const page = await look({ as: 'watch', token: world.moderator });
    await until('the list is there', async () => (await page.locator('.entry').count()) === 2);
    await passesAxe(page);
    await page.locator('.entry', { hasText: 'hall' }).click();
    await seesMotion(page, 'the viewer');
    await until('the page says live', async () => /live/.test(await wordsOf(page)));
    await page.getByText('pictures a second').waitFor();
    await passesAxe(page);
    await photograph(page, 'watch');
    await Promise.all([publisher.context().close(), site.context().close(), page.context().close()]);
  });

  it('pass axe when refused', async () => {
    const page = await look({ as: 'publish', name: 'hall', token: viewerToken });
    await page.getByRole('button', { name: 'Start sending' }).click();
    await page.getByText('The server says').waitFor();
    await passesAxe(page);
    await page.context().close();
  });

  it('speak four languages, and remember the choice', async () => {
    const page = await look({ as: 'publish', name: 'hall', token: world.moderator }, { locale: 'vi-VN' });
    const language = () => page.evaluate(() => document.documentElement.lang);
    assert.equal(await language(), 'vi');
    await page.getByRole('button', { name: 'Bắt đầu phát' }).waitFor();
    for (const [code, start] of [['fr', 'Commencer à émettre'], ['de', 'Senden beginnen'], ['en', 'Start sending'], ['vi', 'Bắt đầu phát'], ['de', 'Senden beginnen']]) {
      await page.locator('header select').selectOption(code);
      await page.getByRole('button', { name: start }).waitFor();
      assert.equal(await language(), code);
      await passesAxe(page);
    }
    await page.reload();
    await page.getByRole('button', { name: 'Senden beginnen' }).waitFor();
    await page.context().close();
  });

  it('work by keyboard alone', async () => {
    const page = await look({ as: 'publish', name: 'keys', quality: '360', token: world.moderator });
    await until('the page is ready', async () => /^Ready/.test(await wordsOf(page)));
    await tabTo(page, 'Start sending');
    await page.keyboard.press('Enter');
    await until('the page is live', async () => /^Live/.test(await wordsOf(page)));
    await tabTo(page, 'Mute microphone');
    await page.keyboard.press('Space');
    await page.getByText('Your microphone is muted.').first().waitFor();

    const viewer = await look({ as: 'watch', token: world.moderator });
    await viewer.locator('.entry').first().waitFor();
    await tabTo(viewer, 'keys');
    await viewer.keyboard.press('Enter');
    await seesMotion(viewer, 'the viewer');
    await tabTo(viewer, 'Open keys for viewers');
    await viewer.keyboard.press('Space');
    await until('the gate is closed', async () => (await viewer.getByRole('switch', { name: 'Open keys for viewers' }).getAttribute('aria-checked')) === 'false');
    await Promise.all([page.context().close(), viewer.context().close()]);
  });

  it('give viewers a link without the right to publish', async () => {
    const page = await look({ as: 'publish', name: 'hall', token: world.moderator });
    const link = await page.getByRole('textbox', { name: 'Link for viewers' }).inputValue();
    assert.match(link, /as=watch/);
    assert.doesNotMatch(link, /token/);
    await page.context().close();
  });

  it('break no rule of the content security policy and throw nothing', () => {
    assert.deepEqual(violations, []);
  });
});
