// What is refused is refused in words, on the page.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { open, readStats, sessionsOf, stateOf, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a refusal', () => {
  const world = suite();

  /** @param {RegExp} words */
  async function says(page, words) {
    await until(`the page says ${words}`, async () => words.test(await page.locator('main').innerText()));
  }

  async function sendAndBeRefused(fields) {
    const page = await open(world.chromium, world.server.link({ as: 'publish', name: 'hall', ...fields }));
    await page.getByRole('button', { name: 'Start sending' }).click();
    await until('the page is refused', async () => (await stateOf(page)) === 'refused');
    return page;
  }

  it('of an expired token says that it has expired', async () => {
    const token = await world.server.token('moderator', { ttl: '1s' });
    await until('the token has expired', async () => (await world.server.api('/api/conferences/demo/publications', token)).status === 401);
    const publisher = await sendAndBeRefused({ token });
    await says(publisher, /Your access is not valid, or no longer\. Ask for a new link\./);
    await says(publisher, /The server says:.*expired/s);
    const viewer = await open(world.chromium, world.server.link({ as: 'watch', name: 'hall', token }));
    await says(viewer, /expired/);
  });

  it('of an unknown conference names it', async () => {
    const token = await world.server.token('moderator', { conference: 'elsewhere' });
    const page = await sendAndBeRefused({ token, conference: 'elsewhere' });
    await says(page, /The server does not know this conference\./);
    await says(page, /elsewhere/);
  });

  it('of a token for another conference says so', async () => {
    const token = await world.server.token('moderator', { conference: 'elsewhere' });
    await says(await sendAndBeRefused({ token }), /Your access does not allow this\..*another conference/s);
  });

  it('of a viewer who wants to send says so', async () => {
    await says(await sendAndBeRefused({ token: await world.server.token('viewer') }), /Your access does not allow this/);
  });

  it('of a site that sends under a foreign name says so', async () => {
    await says(await sendAndBeRefused({ token: await world.server.token('site') }), /Your access does not allow this/);
  });

  it('of a forged token says so', async () => {
    const token = world.moderator.slice(0, -6) + 'AAAAAA';
    await says(await sendAndBeRefused({ token }), /Your access is not valid/);
  });

  it('comes before any request when the link has no token', async () => {
    const context = await world.chromium.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    /** @type {string[]} */
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(world.server.link({ as: 'publish', name: 'hall' }));
    await says(page, /This link is not complete/);
    assert.equal(asked.some((path) => /^\/(api|whip|whep)/.test(path)), false);
    await page.getByLabel('Your personal link or access token').fill('rubbish');
    await page.getByRole('button', { name: 'Continue' }).click();
    await says(page, /neither a link with a token nor a token/);
    await page.getByLabel('Your personal link or access token').fill(world.moderator);
    await page.getByRole('button', { name: 'Continue' }).click();
    await says(page, /Ready\. Nobody sees or hears you yet\./);
  });

  it('by the browser of camera and microphone is told from none at all', async () => {
    const context = await world.chromium.newContext({ locale: 'en-US' });
    const page = await context.newPage();
    await page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
      const denied = Object.assign(new EventTarget(), { state: 'denied' });
      navigator.permissions.query = () => Promise.resolve(/** @type {PermissionStatus} */ (/** @type {unknown} */ (denied)));
    });
    await page.goto(world.server.link({ as: 'publish', name: 'hall', token: world.moderator }));
    await says(page, /The browser refuses camera and microphone\./);
    assert.equal(await page.getByRole('button', { name: 'Start sending' }).isDisabled(), true);
  });

  it('of a viewer before anybody sends is patience, not an end', async () => {
    const page = await open(world.chromium, world.server.link({ as: 'watch', name: 'nobody', token: world.moderator }));
    await says(page, /nobody is not sending yet\. The picture will appear by itself\./);
    assert.equal(await stateOf(page), 'absent');
  });
});

describe('a computer without a camera', () => {
  const world = suite({ chromium: { camera: false } });

  it('is told so, may send sound alone, and share its screen', async () => {
    const page = await open(world.chromium, world.server.link({ as: 'publish', name: 'hall', token: world.moderator }));
    await page.getByText('No camera found. Plug one in and choose it, or share your screen instead.').waitFor();
    await page.getByRole('button', { name: 'Start sending' }).click();
    await until('the publisher is connected', async () => (await stateOf(page)) === 'connected');
    const viewer = await watch(world.chromium, world.server, world.moderator);
    await viewer.getByText('hall is sending sound without a picture.').waitFor();
    // There is no screen here either. A picture that begins later goes into the running session all the same.
    await page.getByRole('button', { name: 'Share screen' }).click();
    await page.getByText('The screen could not be shared.').waitFor();
    await page.evaluate(() => {
      navigator.mediaDevices.getDisplayMedia = async () => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
        const context = canvas.getContext('2d');
        setInterval(() => context.fillRect(Math.random() * 640, Math.random() * 360, 20, 20), 50);
        return canvas.captureStream(20);
      };
    });
    await page.getByRole('button', { name: 'Share screen' }).click();
    await until('the viewer gets the picture', async () => (await readStats(viewer)).frames > 5);
    await viewer.getByText('hall is live.').waitFor();
    assert.deepEqual([await sessionsOf(page), await sessionsOf(viewer)], [1, 1]);
  });
});
