// People in a conference: they open their invitation, join, and are recognised by the colour of their picture and the tone of their voice.
import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';

import { installDevices } from './devices.mjs';
import { installPlugs } from './plugs.mjs';
import { installRoom } from './rooms.mjs';
import { until } from './until.mjs';

/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./server.mjs').Server} Server */

// Colours at least 36 degrees and tones at least 97 Hz apart: the ears of devices.mjs listen half-way between them.
const seats = ['hall', 'chair', 'ha-giang', 'cao-bang', 'bac-kan', 'lang-son', 'delegate-1', 'delegate-2', 'moderator', 'presenter'];
const hueOf = (seat) => seats.indexOf(seat) * 36;
export const hertzOf = (seat) => 1_100 + seats.indexOf(seat) * 97;
/** Every tone that may be heard, by its name: a seat, or what makes its own. */
const tones = { ...Object.fromEntries(seats.map((seat) => [seat, hertzOf(seat)])), aiortc: 440, gstreamer: 880, firefox: 1_000 };
const slidesHueOf = (seat) => (hueOf(seat) + 18) % 360;
const far = (a, b) => Math.abs(((a - b + 540) % 360) - 180);

/** The seats of the demo. @param {Server} server */
export async function readSeats(server) {
  return JSON.parse(await readFile(joinPath(server.data, 'conferences', 'demo.json'), 'utf8')).seats;
}

export class Participant {
  /** @param {Page} page @param {string} seat @param {string} name as the others read it */
  constructor(page, seat, name) {
    this.page = page;
    /** Its tone's name. */
    this.voice = page.context().browser()?.browserType().name() === 'firefox' ? 'firefox' : seat;
    this.seat = seat;
    this.name = name;
    /** What the page's console complained of. @type {string[]} */
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && this.complaints.push(message.text()));
  }

  button(name, exact = false) {
    return this.page.getByRole('button', { name, exact });
  }

  /** @param {string} name @param {boolean} [exact] */
  async press(name, exact = true) {
    await this.#reach(this.page.locator('#more-controls').getByRole('button', { name, exact, includeHidden: true }));
    await this.button(name, exact).click();
  }

  /** On narrow pages some of the controls are in a sheet. @param {import('playwright-core').Locator} control */
  async #reach(control) {
    const more = this.page.locator('#open-more');
    if ((await more.isVisible()) && (await control.count()) > 0 && !(await control.first().isVisible())) await more.click();
  }

  pressJoin() {
    return this.press('Join');
  }

  /** Opens a panel, or leaves it open. @param {'people' | 'chat' | 'devices'} panel */
  async openPanel(panel) {
    // Those who lead have everybody beside the pictures where there is room.
    if (panel === 'people' && (await this.page.locator('aside.lead').count()) > 0) return this.page.locator('aside.lead .desk').waitFor();
    const opener = this.page.locator(`#open-${panel}`);
    if ((await opener.getAttribute('aria-expanded')) !== 'true') {
      await this.#reach(opener);
      await opener.click();
    }
    await this.page.locator('aside.panel').waitFor();
  }

  /** Of the media session. */
  state() {
    return this.page.evaluate(() => window.bridgehall.state);
  }

  sessions() {
    return this.page.evaluate(() => window.bridgehall.sessions);
  }

  joined(options = {}) {
    return until(`${this.seat} has joined`, async () => (await this.state()) === 'connected', options);
  }

  /** The sentence about one's own place. */
  words() {
    return this.page.locator('footer .sentence').innerText();
  }

  /** Waits until the page says that somewhere. @param {RegExp} pattern */
  async says(pattern, options = {}) {
    let words = '';
    await until(`${this.seat} is told ${pattern}`, async () => pattern.test((words = await this.page.locator('body').innerText())), options).catch((error) => {
      throw new Error(`${error.message} ${words.slice(0, 1_000)}`);
    });
  }

  speak(on) {
    return this.page.evaluate((speaking) => window.testing.speak(speaking), on);
  }

  /** @param {{ use?: string, seat?: string }} [which] */
  async places({ use, seat } = {}) {
    const all = await this.page.evaluate(() => window.testing.places());
    return all.filter((place) => (!use || place.use === use) && (!seat || place.seat === seat));
  }

  /** Waits until a moving picture of that colour (null: of any) stands in a place of that seat. */
  async sees(seat, { use = undefined, hue = hueOf(seat), ...options } = {}) {
    const what = `${this.seat} sees ${use ? `${use}: ` : ''}${seat} move`;
    let first = null;
    let last = null;
    await until(what, async () => {
      const places = await this.places({ use, seat });
      last = places.map(({ grey, ...place }) => place);
      const place = places.find((candidate) => candidate.grey && (hue === null || (candidate.hue !== null && far(candidate.hue, hue) <= 14)));
      if (!place) return ((first = null), false);
      if (!first) return ((first = place.grey), false);
      return place.grey.some((value, index) => Math.abs(value - first[index]) > (hue === null ? 12 : 40)); // people move less than the bar
    }, options).catch((error) => {
      throw new Error(`${error.message} ${JSON.stringify(last)} ${this.complaints.slice(-3).join(' | ')}`);
    });
  }

  seesSlidesOf(seat, options = {}) {
    return this.sees(seat, { use: 'slides', hue: slidesHueOf(seat), ...options });
  }

  now() {
    return this.page.evaluate(() => window.testing.now());
  }

  /** @param {number} since @returns {Promise<string[]>} whose tones were heard since then */
  async heardSince(since) {
    const heard = await this.page.evaluate((from) => window.testing.heard(from), since);
    return Object.keys(tones).filter((name) => heard.includes(tones[name]));
  }

  /** @param {string} voice a seat, or the name of a tone */
  async hears(voice, options = {}) {
    const since = await this.now();
    return until(`${this.seat} hears ${voice}`, async () => (await this.heardSince(since)).includes(voice), options);
  }

  /** Waits until that voice was not heard for a second. */
  async hearsNoMore(voice, options = {}) {
    return until(`${this.seat} does not hear ${voice} any more`, async () => {
      const since = await this.now();
      await new Promise((done) => setTimeout(done, 1_200));
      return !(await this.heardSince(since)).includes(voice);
    }, options);
  }

  statistics(selector) {
    return this.page.evaluate((what) => window.testing.statistics(what), selector);
  }

  /** Packets of the pictures that have come, by the mid of their place. @returns {Promise<Record<string, number>>} */
  picturePackets() {
    return this.page.evaluate(async () => {
      const streams = [...(await window.bridgehall.peerConnection.getStats()).values()].filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video');
      return Object.fromEntries(streams.map(({ mid, packetsReceived }) => [mid, packetsReceived]));
    });
  }

  /** Until the stage has shown a second more. */
  async watchesStage() {
    const decoded = async () => (await this.statistics('figure[data-use=stage] video')).framesDecoded;
    const before = await decoded();
    return until(`${this.seat} sees a second of the stage`, async () => (await decoded()) >= before + 15);
  }

  hide(hidden) {
    return this.page.evaluate((now) => window.testing.hide(now), hidden);
  }

  close() {
    return this.page.context().close();
  }
}

/**
 * Opens somebody's invitation; the page shows what it is before joining, unless another phase is awaited.
 * @param {Browser} browser @param {Server} server @param {string} seat
 * @param {{ width?: number, height?: number, speaking?: boolean, origin?: string, hash?: string, phase?: string, opened?: () => Promise<unknown>, context?: import('playwright-core').BrowserContextOptions,
 *   prepared?: (context: import('playwright-core').BrowserContext) => Promise<void>, people?: number, plugs?: import('./plugs.mjs').Plug[] }} [options]
 *   people: instead of the colour, a room with so many; plugs: devices that can be plugged in and out
 */
export async function invite(browser, server, seat, { width = 640, height = 360, speaking = false, origin = server.origin, hash = '', phase = 'preview', opened, context = {}, prepared, people, plugs } = {}) {
  const made = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...context });
  await prepared?.(made);
  await made.addInitScript(installDevices, {
    hue: hueOf(seat),
    slidesHue: slidesHueOf(seat),
    hertz: hertzOf(seat),
    tones: Object.values(tones),
    ownMicrophone: browser.browserType().name() !== 'firefox',
    width,
    height,
    framesPerSecond: 15,
    speaking,
  });
  const all = await readSeats(server);
  const { name, invitation } = all.find(({ id }) => id === seat);
  if (people) await made.addInitScript(installRoom, { seed: all.findIndex(({ id }) => id === seat), people, width, height });
  if (plugs) await made.addInitScript(installPlugs, plugs);
  const person = new Participant(await made.newPage(), seat, name);
  await person.page.goto(`${origin}/#invitation=${invitation}${hash}`);
  await opened?.(); // before the first look, which browsers take for somebody touching the page
  await person.page.locator(`[data-phase=${phase}]`).waitFor();
  return person;
}

/** @type {(...words: Parameters<typeof invite>) => Promise<Participant>} */
export async function join(browser, server, seat, options = {}) {
  const person = await invite(browser, server, seat, options);
  await until(`${seat} has a picture to send`, () => person.page.evaluate(() => Boolean(document.querySelector('[data-use=preview] video')?.srcObject)));
  await person.pressJoin();
  await person.joined().catch(async (error) => {
    throw new Error(`${error.message} ${(await person.page.locator('body').innerText()).slice(0, 400)} ${person.complaints.join(' | ')}\n${server.log.slice(-1_000)}`);
  });
  return person;
}
