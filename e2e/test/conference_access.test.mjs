// Everyone can use the conference page: whatever their role, by keyboard alone, on a phone, on a wall, in four languages.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { fits, passesAxe, photograph, prepare, tabTo } from '../lib/looks.mjs';
import { invite, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const words = {
  vi: { join: 'Tham gia', leave: 'Rời đi' },
  fr: { join: 'Participer', leave: 'Quitter' },
  de: { join: 'Teilnehmen', leave: 'Verlassen' },
  en: { join: 'Join', leave: 'Leave' },
};

describe('the conference page', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  const options = { width: 640, height: 360, prepared: (context) => prepare(context, violations) };
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, chair, site, delegate;
  const everyone = () => [hall, chair, site, delegate];

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', { ...options, people: 7 });
    chair = await join(world.chromium, world.server, 'chair', { ...options, people: 1 });
    site = await join(world.chromium, world.server, 'ha-giang', { ...options, people: 5 });
  });

  it('works by keyboard alone: join, mute, raise a hand, leave, come back', async () => {
    delegate = await invite(world.chromium, world.server, 'delegate-1', { ...options, people: 1 });
    const { page } = delegate;
    await until('the page is ready', async () => /Ready/.test(await page.locator('main').innerText()));
    await page.keyboard.press('Enter'); // Join has the focus
    await delegate.joined();
    await delegate.says(/Your microphone is open/);
    await tabTo(page, 'Close microphone');
    await page.keyboard.press('Space');
    await delegate.says(/Your microphone is closed\./);
    await tabTo(page, 'Raise hand');
    await page.keyboard.press('Enter');
    await tabTo(page, 'reply');
    await page.keyboard.press('Enter');
    await delegate.says(/Your hand is raised: reply\./);
    await tabTo(page, 'Lower hand');
    await page.keyboard.press('Enter');
    await until('the hand is down', async () => !/Your hand is raised/.test(await delegate.words()));
    await tabTo(page, 'Chat');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Your message');
    await page.keyboard.type('Good morning');
    await page.keyboard.press('Enter');
    await delegate.says(/Good morning/);
    await page.keyboard.press('Escape');
    await tabTo(page, 'Leave');
    await page.keyboard.press('Enter');
    await delegate.says(/You have left the conference\./);
    await tabTo(page, 'Join again');
    await page.keyboard.press('Enter');
    await delegate.button('Join', true).waitFor();
    await page.keyboard.press('Enter');
    await delegate.joined();
    await hall.sees('delegate-1', { hue: null });
  });

  it('passes axe before joining', async () => {
    const newcomer = await invite(world.chromium, world.server, 'cao-bang', { ...options, people: 4 });
    await until('the page is ready', async () => /Ready/.test(await newcomer.page.locator('main').innerText()));
    await passesAxe(newcomer.page);
    await newcomer.close();
  });

  for (const index of [0, 1, 2, 3]) {
    it(`passes axe as ${['hall', 'chair', 'site', 'delegate'][index]}, panels open and closed`, async () => {
      const person = everyone()[index];
      await Promise.all(everyone().filter((other) => other !== person).map(({ seat }) => person.sees(seat, { hue: null })));
      await passesAxe(person.page);
      for (const panel of /** @type {const} */ (['people', 'chat', 'devices'])) {
        await person.openPanel(panel);
        await passesAxe(person.page);
      }
      await person.page.keyboard.press('Escape');
      await until('the panel is closed', async () => (await person.page.locator('aside.panel').count()) === 0);
    });
  }

  it('is photographed on a phone, a desk and a wall', async () => {
    for (const [person, name] of /** @type {const} */ ([[hall, 'hall'], [delegate, 'delegate']])) {
      await photograph(person.page, `conference-${name}`);
      await person.page.setViewportSize({ width: 1280, height: 800 });
    }
  });

  it('passes axe where cameras are off, hands are up and microphones closed', async () => {
    await site.press('Raise hand');
    await passesAxe(site.page);
    await site.press('technical problem');
    await delegate.press('Turn camera off');
    await chair.openPanel('people');
    await chair.says(/Asking for the floor/);
    await chair.press('Close the microphone of Hà Giang');
    await site.says(/The chair has closed your microphone/);
    await chair.press('Remove Hà Giang');
    await Promise.all([passesAxe(chair.page), passesAxe(site.page), passesAxe(hall.page)]);
    await delegate.press('Turn camera on');
    await chair.page.keyboard.press('Escape');
  });

  it('passes axe when it is over', async () => {
    await delegate.press('Leave');
    await delegate.says(/You have left/);
    await passesAxe(delegate.page);
    await delegate.press('Join again');
    await delegate.pressJoin();
    await delegate.joined();
  });

  it('fits a phone of 360 pixels', async () => {
    for (const person of [chair, delegate]) {
      await person.page.setViewportSize({ width: 360, height: 740 });
      await person.page.locator('#open-more').waitFor(); // the page has followed
      await fits(person.page, 'the room');
      for (const panel of /** @type {const} */ (['people', 'chat', 'devices'])) {
        await person.openPanel(panel);
        await fits(person.page, panel);
        await passesAxe(person.page);
        await person.page.keyboard.press('Escape');
      }
      const leave = await person.button('Leave', true).boundingBox();
      assert.ok(leave && leave.x >= 0 && leave.x + leave.width <= 360 && leave.y + leave.height <= 740, `Leave cannot be reached: ${JSON.stringify(leave)}`);
    }
    await delegate.press('Leave');
    await delegate.press('Join again');
    await delegate.button('Join', true).waitFor();
    await fits(delegate.page, 'the page before joining');
    await delegate.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('speaks four languages, before and after joining', async () => {
    const { page } = delegate;
    const complete = async () => {
      const text = await page.locator('body').innerText();
      assert.doesNotMatch(text, /\{\w+\}|undefined|\b(?:join|room|do|status|people|chat|slot|announce|publish|state)\.[a-z]/);
    };
    const choose = (code) => page.locator('header select').selectOption(code);
    for (const [code, { join: word }] of Object.entries(words)) {
      await choose(code);
      await page.getByRole('button', { name: word, exact: true }).waitFor();
      assert.equal(await page.evaluate(() => document.documentElement.lang), code);
      await complete();
    }
    await delegate.pressJoin();
    await delegate.joined();
    for (const [code, { leave }] of Object.entries(words)) {
      await choose(code);
      await page.getByRole('button', { name: leave, exact: true }).waitFor();
      await complete();
      await passesAxe(page);
    }
  });

  it('breaks no rule of the content security policy and throws nothing', () => {
    assert.deepEqual(violations, []);
  });
});
