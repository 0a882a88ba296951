// The hall's screen: it joins by itself, shows who speaks, is read from the back of the hall, and says what it waits for.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { launchChromium } from '../lib/browsers.mjs';
import { fits, passesAxe, photograph, prepare } from '../lib/looks.mjs';
import { join } from '../lib/participants.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { addScreen, isReadableFromAfar, openScreen } from '../lib/screen.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180 };

describe('the hall\'s screen', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const prepared = (context) => prepare(context, violations);
  /** @type {import('../lib/participants.mjs').Participant} */
  let screen;
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;

  const speakerIs = (page, name, t) => until(`the screen names ${name}`, async () => (await page.locator('.lines.speaker .name').allInnerTexts()).includes(name), noting(t));

  /** @param {string} what */
  async function looksWell(page, what) {
    await isReadableFromAfar(page, what);
    await passesAxe(page);
    await fits(page, what);
  }

  before(() => addScreen(world.server));

  it('joins without a click, and says that nobody is there yet', async (t) => {
    screen = await openScreen(world.chromium, world.server, { prepared });
    await screen.joined(noting(t));
    await screen.says(/Nobody else is here yet\. Pictures appear by themselves\./, noting(t));
    await looksWell(screen.page, 'an empty conference');
    await photograph(screen.page, 'screen-empty');
  });

  it('shows the hall on stage, and has no controls', async (t) => {
    [hall, site] = [await join(world.chromium, world.server, 'hall', size), await join(world.chromium, world.server, 'ha-giang', size)];
    await screen.sees('hall', { use: 'stage', ...noting(t) });
    await screen.sees('ha-giang', { use: 'tile', ...noting(t) });
    assert.deepEqual(await screen.page.locator('button, input, select, a').filter({ visible: true }).allInnerTexts(), []);
    await looksWell(screen.page, 'a conference');
  });

  it('is not seen by the others, and neither sees nor hears its room', async () => {
    assert.deepEqual(await hall.places({ seat: 'screen' }), []);
    const senders = await screen.page.evaluate(() => window.bridgehall.peerConnection.getSenders().filter(({ track }) => track).length);
    assert.equal(senders, 0);
  });

  it('names who speaks, and the conference when nobody does', async (t) => {
    await site.speak(true);
    await speakerIs(screen.page, site.name, t);
    await looksWell(screen.page, 'somebody speaking');
    await photograph(screen.page, 'screen-speaking');
    await site.speak(false);
    await hall.speak(true);
    await speakerIs(screen.page, hall.name, t);
    await hall.speak(false);
    await until('nobody is named', async () => (await screen.page.locator('.lines.speaker').count()) === 0, noting(t));
  });

  it('shows the time', async () => {
    assert.match(await screen.page.locator('time').innerText(), /^\d\d:\d\d$/);
  });

  it('says that the line is interrupted over the last pictures, and comes back in the same document', async (t) => {
    const proxy = await Proxy.start(world.server.port);
    const far = await openScreen(world.chromium, world.server, { origin: proxy.origin, prepared });
    await far.sees('hall', { use: 'stage' });
    await far.page.evaluate(() => (window.sameDocument = true));
    proxy.cut();
    await far.says(/The connection is interrupted\. It comes back by itself\./, noting(t));
    await looksWell(far.page, 'an interrupted line');
    await photograph(far.page, 'screen-interrupted');
    proxy.mend();
    await until('it is live again', async () => (await far.page.locator('.wall').getAttribute('data-link')) === 'live', noting(t));
    await until('nothing is said any more', async () => (await far.page.locator('[role=status]').innerText()) === '');
    assert.equal(await far.page.evaluate(() => window.sameDocument), true);
    await far.close();
    proxy.end();
    // The first one lost its seat to the other, and nobody pressed anything there.
    await screen.says(/You have joined elsewhere with the same link/, noting(t));
    await looksWell(screen.page, 'a seat taken elsewhere');
    await screen.press('Take part here again');
    await screen.sees('hall', { use: 'stage', ...noting(t) });
  });

  it('says that the server cannot be reached, tries on, and joins when it is there', async (t) => {
    const page = await screen.page.context().newPage();
    await page.route('**/api/invitations/exchange', (route) => route.abort());
    const [address] = screen.page.url().split('#');
    await page.goto(`${address}${new URL(screen.page.url()).hash}`);
    await until('it says so', async () => /The server cannot be reached\. This screen keeps trying by itself\./.test(await page.locator('[role=status]').innerText()), noting(t));
    await looksWell(page, 'a server out of reach');
    await page.unroute('**/api/invitations/exchange');
    await until('it has joined', async () => (await page.evaluate(() => window.bridgehall.state)) === 'connected', noting(t));
    await page.close();
  });

  it('says that its link is not known', async (t) => {
    const page = await screen.page.context().newPage();
    await page.goto(`${world.server.origin}/#invitation=0123456789abcdef&view=wall`);
    await until('it says so', async () => /This invitation is not known/.test(await page.locator('[role=status]').innerText()), noting(t));
    await page.getByText('This screen tries again by itself.').waitFor();
    await looksWell(page, 'an unknown link');
    await page.close();
  });

  it('says that the server has a new version, and loads that once', async (t) => {
    const page = await screen.page.context().newPage();
    let refusals = 0;
    await page.routeWebSocket(/signalling/, (socket) => {
      if (refusals > 0) return void socket.connectToServer();
      socket.onMessage(() => {
        refusals += 1;
        socket.send('{"type":"refused","code":"wrong_version","message":"This server speaks version 2."}');
      });
    });
    let loads = 0;
    page.on('domcontentloaded', () => (loads += 1));
    await page.goto(screen.page.url());
    await until('it says so', async () => /The server has a new version\. This screen is loading it\./.test(await page.locator('[role=status]').innerText().catch(() => '')), noting(t));
    await until('it has joined', async () => (await page.evaluate(() => window.bridgehall.state).catch(() => '')) === 'connected', noting(t));
    assert.equal(loads, 2);
    assert.equal(refusals, 1);
    await page.close();
  });

  describe('when everybody has left', () => {
    before(() => Promise.all([hall.press('Leave'), site.press('Leave')]));

    for (const [locale, words] of /** @type {const} */ ([['vi-VN', /Chưa có ai khác/], ['fr-FR', /Personne d’autre/], ['de-DE', /Noch ist niemand sonst da/]])) {
      it(`speaks to ${locale}`, async (t) => {
        const alone = await openScreen(world.chromium, world.server, { prepared, context: { locale, viewport: { width: 1920, height: 1080 } } });
        await alone.says(words, noting(t));
        await looksWell(alone.page, locale);
        await alone.page.setViewportSize({ width: 1920, height: 1080 });
        await alone.page.screenshot({ path: new URL(`../../build/screenshots/screen-${locale}.png`, import.meta.url).pathname });
        await alone.close();
      });
    }
  });

  it('keeps itself awake, and again when it is seen again', async (t) => {
    const awake = await openScreen(world.chromium, world.server, {
      prepared: (context) =>
        context.addInitScript(() => {
          window.locks = [];
          const request = async () => {
            const lock = { released: false, release: async () => void (lock.released = true) };
            window.locks.push(lock);
            return lock;
          };
          Object.defineProperty(Navigator.prototype, 'wakeLock', { get: () => ({ request }) });
        }),
    });
    const held = () => awake.page.evaluate(() => window.locks.filter(({ released }) => !released).length);
    await until('it holds a lock', async () => (await held()) === 1, noting(t));
    await awake.page.evaluate(() => window.locks.forEach((lock) => void lock.release())); // as a browser does with a page that is hidden
    await awake.hide(true);
    assert.equal(await held(), 0);
    await awake.hide(false);
    await until('it holds another', async () => (await held()) === 1, noting(t));
    await awake.close();
  });

  it('breaks no rule of the content security policy and throws nothing', () => assert.deepEqual(violations, []));
});

describe('the hall\'s screen in a browser that wants a gesture for sound', () => {
  const world = suite({ chromium: { autoplay: false } });
  /** @type {import('playwright-core').Browser} */
  let lively;
  before(async () => {
    await addScreen(world.server);
    lively = await launchChromium();
  });
  after(() => lively?.close());

  it('asks for it in large letters, and is heard after any key', async (t) => {
    const note = { note: (line) => t.diagnostic(line) };
    await join(lively, world.server, 'hall', { ...size, speaking: true });
    /** @type {Promise<unknown>} */
    let refused;
    const screen = await openScreen(world.chromium, world.server, {
      prepared: async (context) => {
        await prepare(context, []);
        await context.addInitScript(() => {
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () {
            const played = play.call(this);
            played.catch((error) => console.log(`play: ${error.name}`));
            return played;
          };
        });
        refused = context.waitForEvent('console', (message) => message.text() === 'play: NotAllowedError');
      },
      opened: () => refused,
    });
    await screen.sees('hall', { use: 'stage', ...note });
    const start = screen.button('Start sound');
    await start.waitFor();
    const silent = () => screen.page.evaluate(() => [...document.querySelectorAll('audio')].every(({ paused }) => paused));
    assert.equal(await silent(), true);
    await isReadableFromAfar(screen.page, 'a silent screen');
    await passesAxe(screen.page);
    await photograph(screen.page, 'screen-silent');
    await screen.page.keyboard.press('Enter');
    await until('it plays', async () => !(await silent()), note);
    await start.waitFor({ state: 'detached' });
    await screen.hears('hall', note);
  });
});
