// Photographs every page for docs/screens/: a demo with people in the rooms, in light and dark, on a phone and on a large screen.
//   tools/with_node node e2e/screens.mjs [--out FOLDER] [PAGE...]
// With names of pages only those are taken. Needs the built program, Chromium and pngquant.
import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

import { launchChromium } from './lib/browsers.mjs';
import { installDevices } from './lib/devices.mjs';
import { prepare } from './lib/looks.mjs';
import { startSending } from './lib/pages.mjs';
import { invite } from './lib/participants.mjs';
import { Proxy } from './lib/proxy.mjs';
import { installRoom } from './lib/rooms.mjs';
import { addScreen, openScreen } from './lib/screen.mjs';
import { Server } from './lib/server.mjs';
import { until } from './lib/until.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./lib/participants.mjs').Participant} Participant */

const { values: options, positionals: asked } = parseArgs({ options: { out: { type: 'string', default: fileURLToPath(new URL('../docs/screens', import.meta.url)) } }, allowPositionals: true });
const sizes = { 360: { width: 360, height: 740 }, 1920: { width: 1920, height: 1080 } };
const schemes = /** @type {const} */ (['light', 'dark']);
const run = promisify(execFile);

const rooms = { hall: 7, 'cao-bang': 6, 'bac-kan': 4, 'lang-son': 5, 'delegate-2': 1 };
const small = { width: 640, height: 360 }; // its low layer has 320 pixels
const large = { width: 1280, height: 720 };
const nobodysAddress = '203.0.113.7'; // RFC 5737

const restMs = 1_500; // what another size or page of tiles asks for comes a moment later

/** Every picture is there, as sharp as its place wants it, and nothing is passing by. @param {Page} page */
async function settle(page) {
  await page.mouse.move(0, 0);
  let since = Infinity;
  await until('the page is at rest', async () => {
    const rests = await page.evaluate(async () => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      await document.fonts.ready;
      const enough = (video) => !video.srcObject || (video.readyState >= 2 && video.videoWidth >= Math.min(video.closest('[data-use=stage]') ? 1280 : 320, video.clientWidth * 0.6));
      if (document.querySelector('.toast, figure[data-state=waiting]')) return false;
      return [...document.querySelectorAll('video:not(.hidden)')].filter((video) => video.checkVisibility()).every(enough);
    });
    since = rests ? Math.min(since, performance.now()) : Infinity;
    return performance.now() - since > restMs;
  }, patient);
}

/** @param {Page} page @param {string} name @param {{ whole?: boolean, at?: string, sizes?: (keyof typeof sizes)[], schemes?: readonly ('light' | 'dark')[] }} [wishes] whole: what a phone has to scroll for too; at: what must be in sight */
async function photograph(page, name, { whole = false, at, sizes: widths = [360, 1920], schemes: colours = schemes } = {}) {
  for (const width of widths) {
    await page.setViewportSize(sizes[width]);
    for (const colorScheme of colours) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (at) await page.locator(at).scrollIntoViewIfNeeded();
      await settle(page);
      const path = joinPath(options.out, `${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: whole && width === 360 });
      await run('pngquant', ['--force', '--skip-if-larger', '--nofs', '--speed', '1', '--output', path, '128', path]).catch((error) => {
        if (error.code !== 98) throw error; // it was small already
      });
      console.log(path);
    }
  }
}

/** In three more languages; the page goes back to its own. @param {Participant} person @param {string} name @param {keyof typeof sizes} width */
async function translated({ page }, name, width) {
  for (const language of ['vi', 'fr', 'de']) {
    await page.locator('header select').selectOption(language);
    await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
    await photograph(page, `${name}-${language}`, { sizes: [width], schemes: ['light'] });
  }
  await page.locator('header select').selectOption('en');
}

// The pictures show no address of the machine that they were made on.
const server = await Server.start({ flags: ['--media-addresses', '127.0.0.1', ...(process.env.BRIDGEHALL_CLIENT ? ['--http-client-folder', process.env.BRIDGEHALL_CLIENT] : [])] });
const chromium = await launchChromium();
const proxy = await Proxy.start(server.port);
/** @type {Map<string, Participant>} */
const people = new Map();
const violations = [];
const patient = { ceiling: 120_000 }; // all of them share this machine's processor
async function prepared(context) {
  context.setDefaultTimeout(patient.ceiling);
  await prepare(context, violations);
}
const looked = { prepared };
const chair = () => /** @type {Participant} */ (people.get('chair'));

/** Those who are not photographed leave the processor to those who are. @param {Participant} person @param {() => Promise<void>} act */
async function alone(person, act) {
  await person.hide(false);
  await act();
  await person.hide(true);
}

/** @param {string} seat @param {Parameters<typeof invite>[3]} wishes */
async function seatSomebody(seat, wishes) {
  const person = await invite(chromium, server, seat, wishes);
  await until(`${seat} has a picture to send`, () => person.page.evaluate(() => Boolean(document.querySelector('[data-use=preview] video')?.srcObject)), patient);
  await person.pressJoin();
  await person.joined(patient);
  await person.hide(true);
  people.set(seat, person);
}

/** A page of somebody with a room's camera, by a link with these fields. @param {Record<string, string>} fields */
async function lone(fields) {
  const context = await chromium.newContext({ locale: 'en-US', viewport: sizes[1920] });
  await prepared(context);
  await context.addInitScript(installDevices, { hue: 0, slidesHue: 0, hertz: 440, tones: [], ownMicrophone: true, ...large, framesPerSecond: 15, speaking: true });
  await context.addInitScript(installRoom, { seed: 0, people: 7, ...large });
  const page = await context.newPage();
  await page.goto(server.link(fields));
  return page;
}

/** In the page, in place of the screen that it would share. */
function drawSlide() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
  const draw = canvas.getContext('2d');
  const paint = () => {
    draw.fillStyle = '#ffffff';
    draw.fillRect(0, 0, 1280, 720);
    draw.fillStyle = '#10697a';
    draw.fillRect(0, 0, 1280, 16);
    draw.font = '600 64px sans-serif';
    draw.fillText('Chương trình', 96, 150);
    draw.fillStyle = '#1d2730';
    draw.font = '40px sans-serif';
    for (const [index, line] of ['8:00  Khai mạc', '8:15  Báo cáo', '9:30  Các điểm cầu phát biểu', '11:00  Kết luận'].entries()) draw.fillText(line, 96, 270 + index * 90);
  };
  setInterval(paint, 200);
  paint();
  navigator.mediaDevices.getDisplayMedia = () => Promise.resolve(canvas.captureStream(5));
}

async function fill() {
  const unseen = { context: { viewport: { width: 640, height: 480 } }, prepared: (context) => context.setDefaultTimeout(patient.ceiling) };
  for (const [seat, count] of Object.entries(rooms)) await seatSomebody(seat, { ...(seat === 'hall' ? large : small), ...unseen, people: count });
  for (const [seat, count] of Object.entries({ chair: 1, 'ha-giang': 5, 'delegate-1': 1 })) await seatSomebody(seat, { ...small, ...looked, people: count, origin: seat === 'ha-giang' ? proxy.origin : server.origin });
  const raise = async (seat, kind) => {
    const person = /** @type {Participant} */ (people.get(seat));
    await person.press('Raise hand');
    await person.press(kind);
  };
  await raise('lang-son', 'contribution');
  await raise('delegate-2', 'reply');
  await chair().press('Close the microphone of Bắc Kạn');
  await people.get('cao-bang')?.speak(true);
}

const stories = {
  async start() {
    const page = await (await chromium.newContext({ locale: 'en-US' })).newPage();
    await page.goto(server.origin);
    await page.locator('.roles').waitFor();
    await photograph(page, 'start', { whole: true });
    await page.route(/\/api\/demo$/, (route) => route.fulfill({ status: 404 }));
    await page.reload();
    await page.locator('main').waitFor();
    await photograph(page, 'elsewhere', { whole: true });
    await page.goto(server.link({ as: 'watch' }));
    await page.locator('main').waitFor();
    await photograph(page, 'missing', { whole: true });
    await page.goto(`${server.origin}/#as=diagnosis&token=${await server.token('administrator')}`);
    await page.locator('main li').first().waitFor();
    await photograph(page, 'diagnosis', { whole: true });
    await page.context().close();
  },

  async ended() {
    const site = await invite(chromium, server, 'lai-chau', { ...small, ...looked, people: 5 });
    await site.pressJoin();
    await site.joined(patient);
    await site.press('Leave');
    await site.says(/You have left the conference/);
    await photograph(site.page, 'ended');
    await site.close();
  },

  async before() {
    const site = await invite(chromium, server, 'lai-chau', { ...large, ...looked, people: 5, speaking: true });
    await site.page.locator('[data-check=udp]').waitFor();
    await photograph(site.page, 'before', { whole: true });
    await site.close();
  },

  async denied() {
    const site = await invite(chromium, server, 'lai-chau', {
      prepared: async (context) => {
        await prepared(context);
        await context.addInitScript(() => {
          const refuse = () => void (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError')));
          document.addEventListener('DOMContentLoaded', refuse, { once: true });
        });
      },
    });
    await site.page.locator('[data-check=udp]').waitFor();
    await photograph(site.page, 'denied', { whole: true });
    await site.close();
  },

  async check() {
    const site = await invite(chromium, server, 'lai-chau', {
      ...large,
      people: 5,
      speaking: true,
      prepared: async (context) => {
        await prepared(context);
        await context.route(/\/whep/, async (route) => {
          const response = await route.fetch();
          const body = (await response.text()).replaceAll(/^(a=candidate:\S+ \d+ udp \d+) \S+ \d+ /gim, `$1 ${nobodysAddress} 8080 `);
          await route.fulfill({ response, body });
        });
      },
    });
    await site.page.locator('[data-check=tcp]').waitFor();
    await photograph(site.page, 'check', { at: '[data-check]' });
    await site.close();
  },

  // Other programs than browsers send and watch by the same links, so nobody here has a seat.
  async publish() {
    const token = await server.token('moderator');
    const page = await lone({ as: 'publish', name: 'stream', token });
    await startSending(page, patient);
    await photograph(page, 'publish', { whole: true });
    const viewer = await lone({ as: 'watch', name: 'stream', token });
    await viewer.locator('video:not(.hidden)').first().waitFor();
    await viewer.getByText('pictures a second').waitFor();
    await photograph(viewer, 'watch', { whole: true });
    await Promise.all([page, viewer].map((one) => one.context().close()));
  },

  async hall() {
    const screen = await openScreen(chromium, server, { prepared: async (context) => (await prepared(context), await context.clock.setFixedTime(new Date('2026-05-12T02:41:00Z'))) });
    await screen.page.locator('.lines.speaker').waitFor();
    await photograph(screen.page, 'hall');
    await screen.close();
  },

  async site() {
    const site = /** @type {Participant} */ (people.get('ha-giang'));
    await alone(site, async () => {
      await photograph(site.page, 'site');
      await translated(site, 'site', 360);
      await chair().press('Close the microphone of Hà Giang');
      await site.page.locator('[data-word=mutedByChair]').waitFor();
      await photograph(site.page, 'site-muted');
      await chair().press('Give Hà Giang the floor');
      await site.page.setViewportSize(sizes[1920]);
      await site.press('Line and statistics');
      await until('there is a minute to plot', () => site.page.evaluate(() => [...document.querySelectorAll('aside figure path')].some((path) => path.getAttribute('d').split(/[ML]/).length > 20)), patient);
      await photograph(site.page, 'figures');
      await site.press('Close');
      proxy.cut();
      await site.page.locator('[data-word=reconnecting]').waitFor();
      await photograph(site.page, 'reconnecting');
      proxy.mend();
      await until('it is live again', async () => (await site.page.locator('.conference[data-link]').getAttribute('data-link')) === 'live', patient);
    });
  },

  async delegate() {
    const delegate = /** @type {Participant} */ (people.get('delegate-1'));
    await alone(delegate, async () => {
      await photograph(delegate.page, 'delegate');
      const hall = /** @type {Participant} */ (people.get('hall'));
      await hall.page.evaluate(drawSlide);
      await hall.press('Share screen');
      await delegate.page.locator('figure[data-use=slides] video:not(.hidden)').waitFor();
      await photograph(delegate.page, 'slides');
      await hall.press('Stop sharing');
      await delegate.page.setViewportSize(sizes[1920]);
      await delegate.openPanel('devices');
      await delegate.page.getByRole('switch', { name: 'Sound only' }).click();
      await delegate.press('Close');
      await photograph(delegate.page, 'delegate-audio');
      await delegate.press('Show pictures again');
    });
  },

  async chair() {
    await alone(chair(), async () => {
      await chair().page.setViewportSize(sizes[1920]);
      await photograph(chair().page, 'chair', { sizes: [1920] });
      await translated(chair(), 'chair', 1920);
      await chair().page.setViewportSize(sizes[360]);
      await chair().press('More');
      await chair().page.locator('#open-people').click();
      await chair().page.locator('aside .desk').waitFor();
      await photograph(chair().page, 'chair', { sizes: [360] });
    });
  },
};
const withPeople = ['hall', 'site', 'delegate', 'chair'];

try {
  await mkdir(options.out, { recursive: true });
  const wanted = asked.length > 0 ? asked : Object.keys(stories);
  await addScreen(server);
  if (wanted.some((name) => withPeople.includes(name))) await fill();
  for (const name of wanted) await stories[name]();
  if (violations.length > 0) throw new Error(violations.join('\n'));
} finally {
  await chromium.close();
  proxy.end();
  await server.remove();
}
