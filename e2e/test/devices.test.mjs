// Devices while one takes part: changed, unplugged, plugged in again, treated otherwise. The connection stays the same throughout, but where a camera is added.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { passesAxe, photograph, prepare } from '../lib/looks.mjs';
import { hertzOf, invite, join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const kinds = /** @type {const} */ ({ camera: 'videoinput', microphone: 'audioinput', speaker: 'audiooutput' });
const camera = { kind: kinds.camera, id: 'hall', label: 'Hall camera', hue: 200 };
const laptop = { kind: kinds.camera, id: 'laptop', label: 'Laptop camera', hue: 30 };
const visualiser = { kind: kinds.camera, id: 'visualiser', label: 'Visualiser', hue: 290 };
const desk = { kind: kinds.microphone, id: 'desk', label: 'Desk microphone', hertz: hertzOf('ha-giang') };
const mixer = { kind: kinds.microphone, id: 'mixer', label: 'Mixer', hertz: hertzOf('lang-son') };
const ceiling = { kind: kinds.speaker, id: 'ceiling', label: 'Ceiling loudspeakers' };

describe('devices of who takes part', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];

  /** A site with these, live, and the hall that looks at it. @param {import('node:test').TestContext} t @param {import('../lib/plugs.mjs').Plug[]} plugs */
  async function meet(t, plugs, before = async (/** @type {import('../lib/participants.mjs').Participant} */ _site) => {}) {
    const hall = await join(world.chromium, world.server, 'hall', { width: 320, height: 180 });
    const site = await invite(world.chromium, world.server, 'ha-giang', { plugs, prepared: (context) => prepareKeepingNames(context) });
    t.after(() => Promise.all([hall.close(), site.close()]));
    await site.says(/Ready\./);
    await before(site);
    await site.pressJoin();
    await site.joined();
    await site.page.evaluate(() => (window.before = window.bridgehall.peerConnection));
    return { hall, site };
  }
  /** @param {import('playwright-core').BrowserContext} context */
  const prepareKeepingNames = (context) => prepare(context, violations);
  const plug = ({ page }, id, way) => page.evaluate(([which, how]) => window.plugs[how](which), [id, way]);
  const stayed = async ({ page }) => assert.equal(await page.evaluate(() => window.before === window.bridgehall.peerConnection && window.bridgehall.sessions), 1);
  const choose = ({ page }, label, option) => page.getByRole('combobox', { name: label, exact: true }).selectOption(option);

  it('a camera and a microphone are changed without a new connection', async (t) => {
    const { hall, site } = await meet(t, [camera, laptop, desk, mixer]);
    await hall.sees('ha-giang', { hue: camera.hue });
    await hall.hears('ha-giang');
    await site.openPanel('devices');
    await passesAxe(site.page);
    await photograph(site.page, 'devices');
    await choose(site, 'Camera', 'Laptop camera');
    await hall.sees('ha-giang', { hue: laptop.hue });
    await choose(site, 'Microphone', 'Mixer');
    await hall.hears('lang-son'); // the mixer's tone
    await hall.hearsNoMore('ha-giang');
    await stayed(site);
    for (const id of ['hall', 'desk']) assert.equal(await site.page.evaluate((which) => window.plugs.open(which), id), 0, `${id} is let go`);
  });

  it('one that is unplugged is replaced, said so, and comes back', async (t) => {
    const { hall, site } = await meet(t, [camera, laptop, desk, mixer]);
    await hall.sees('ha-giang', { hue: camera.hue });
    await plug(site, 'hall', 'out');
    await site.says(/“Hall camera” is no longer connected\. Now in use: “Laptop camera”\./);
    await passesAxe(site.page);
    await photograph(site.page, 'unplugged');
    await hall.sees('ha-giang', { hue: laptop.hue });
    await plug(site, 'hall', 'in');
    await site.says(/“Hall camera” is connected again and in use\./);
    await hall.sees('ha-giang', { hue: camera.hue });
    await plug(site, 'desk', 'out');
    await site.says(/“Desk microphone” is no longer connected\. Now in use: “Mixer”\./);
    await hall.hears('lang-son');
    await stayed(site);
  });

  it('the only camera that is unplugged is used again by itself', async (t) => {
    const { hall, site } = await meet(t, [camera, desk]);
    await hall.sees('ha-giang', { hue: camera.hue });
    await plug(site, 'hall', 'out');
    await site.says(/“Hall camera” is no longer connected\. Plug it in again/);
    await plug(site, 'hall', 'in');
    await hall.sees('ha-giang', { hue: camera.hue });
    await stayed(site);
  });

  it('a new one is offered, and used when it is wanted', async (t) => {
    const { hall, site } = await meet(t, [camera, desk, { ...visualiser, in: false }]);
    await plug(site, 'visualiser', 'in');
    await site.says(/Newly connected: “Visualiser”\./);
    await passesAxe(site.page);
    await hall.sees('ha-giang', { hue: camera.hue });
    await site.press('Use it');
    await hall.sees('ha-giang', { hue: visualiser.hue });
    await until('nothing more is said', async () => (await site.page.locator('.news li').count()) === 0);
    await stayed(site);
  });

  it('a room shows two cameras, and goes on with one', async (t) => {
    const { hall, site } = await meet(t, [camera, laptop, visualiser, desk], async ({ page }) => {
      await page.getByRole('combobox', { name: 'Another camera of this room' }).selectOption('Visualiser');
      await page.getByRole('combobox', { name: 'One more camera of this room' }).waitFor();
      await until('it is open', () => page.evaluate(() => window.plugs.open('visualiser') === 1));
    });
    await hall.sees('ha-giang', { hue: camera.hue });
    await hall.sees('ha-giang', { hue: visualiser.hue });
    await plug(site, 'visualiser', 'out');
    await site.says(/“Visualiser” is no longer connected\. Plug it in again/);
    await plug(site, 'visualiser', 'in');
    await hall.sees('ha-giang', { hue: visualiser.hue });
    await stayed(site);
  });

  it('a room without devices is shown to nobody as live, and told what to do', async (t) => {
    const site = await invite(world.chromium, world.server, 'lai-chau', { plugs: [], prepared: (context) => prepareKeepingNames(context) });
    t.after(() => site.close());
    await site.pressJoin();
    await site.joined();
    for (const action of ['Open microphone', 'Turn camera on']) {
      await site.press(action);
      await site.page.locator('aside').getByRole('button', { name: 'Ask again' }).waitFor();
      await site.page.locator('aside').getByText('What to do').first().waitFor();
      await site.button(action).waitFor();
      await site.page.locator('aside').getByRole('button', { name: 'Close', exact: true }).click();
    }
    await site.page.locator('[data-word=noMicrophone]').waitFor();
    await passesAxe(site.page);
  });

  it('a room adds a camera while it takes part, and is heard and seen as before', async (t) => {
    const { hall, site } = await meet(t, [camera, desk, { ...visualiser, in: false }]);
    await hall.sees('ha-giang', { hue: camera.hue });
    await plug(site, 'visualiser', 'in');
    await site.openPanel('devices');
    await site.says(/While another camera of this room is added, its picture and sound pause for about a second\./);
    await passesAxe(site.page);
    await choose(site, 'Another camera of this room', 'Visualiser');
    await Promise.all([hall.sees('ha-giang', { hue: visualiser.hue }), hall.sees('ha-giang', { hue: camera.hue }), hall.hears('ha-giang')]);
    assert.equal(await site.sessions(), 2);
    await choose(site, 'Another camera of this room', 'None');
    await until('the place of the second camera is empty', async () => (await hall.places({ seat: 'ha-giang' })).filter(({ state }) => state === 'showing').length <= 1);
    assert.equal(await site.sessions(), 2);
  });

  it('the microphone’s sound is treated as a hall wants it, at once and the next time', async (t) => {
    const { hall, site } = await meet(t, [camera, desk]);
    await hall.hears('ha-giang');
    await site.openPanel('devices');
    await site.page.getByText('Sound of the microphone').click();
    await choose(site, 'Place', 'Hall with a mixer');
    await site.says(/otherwise everyone hears an echo\.[^]*Confirmed by the browser\./);
    await passesAxe(site.page);
    const sent = () => site.page.evaluate(() => window.bridgehall.peerConnection.getSenders().find(({ track }) => track?.kind === 'audio')?.track.getSettings());
    await until('the other track is sent', async () => (await sent())?.echoCancellation === false);
    await hall.hears('ha-giang');

    const encoded = () => site.page.evaluate(() => /m=audio[^]*?(?=m=|$)/.exec(window.bridgehall.peerConnection.currentRemoteDescription.sdp)[0].includes(';stereo=1'));
    assert.equal(await encoded(), false);
    await site.page.getByRole('switch', { name: 'Stereo' }).click();
    await until('two channels are encoded', encoded);
    await hall.hears('ha-giang');
    await site.page.getByRole('switch', { name: 'Stereo' }).click();
    await until('one channel is encoded', async () => !(await encoded()));
    await hall.hears('ha-giang');
    await stayed(site);

    await site.page.reload();
    await site.says(/Ready\./);
    await site.page.getByText('Sound of the microphone').click();
    assert.equal(await site.page.getByRole('combobox', { name: 'Place' }).inputValue(), 'mixer');
    await site.page.getByRole('switch', { name: 'Stereo' }).click();
    await site.pressJoin();
    await site.joined();
    assert.equal(await encoded(), true);
    await hall.hears('ha-giang');
  });

  it('voices come from the chosen loudspeaker, and from the system’s when it is gone', async (t) => {
    const { hall, site } = await meet(t, [camera, desk, ceiling], async ({ page }) => {
      // There is none of that name here: what the page asks for is noted.
      await page.evaluate(() => (HTMLMediaElement.prototype.setSinkId = async function (id) {
        this.dataset.sink = id;
      }));
    });
    const sinks = () => site.page.evaluate(() => [...document.querySelectorAll('audio[data-use=voice]')].map(({ dataset }) => dataset.sink));
    await until('the voices are there', async () => (await sinks()).length === 3);
    await site.openPanel('devices');
    await choose(site, 'Loudspeaker', 'Ceiling loudspeakers');
    await until('all voices come from there', async () => (await sinks()).every((sink) => sink === 'ceiling'));
    await plug(site, 'ceiling', 'out');
    await site.says(/Sound now comes where the system plays it\./);
    await until('all voices come from the system’s', async () => (await sinks()).every((sink) => sink === ''));
    await plug(site, 'ceiling', 'in');
    await until('all voices come from there again', async () => (await sinks()).every((sink) => sink === 'ceiling'));
    void hall;
  });

  it('breaks no rule of the content security policy', () => assert.deepEqual(violations, []));
});

describe('Firefox before joining', () => {
  const world = suite({ firefox: true });

  it('shows the picture, checks the line, changes the sound’s treatment and joins', async (t) => {
    const site = await invite(/** @type {import('playwright-core').Browser} */ (world.firefox), world.server, 'ha-giang', { speaking: true });
    t.after(() => site.close());
    await site.says(/Ready\. Nobody sees or hears you yet\./);
    await site.says(/UDP works: the best way for picture and sound\.\s+Over UDP /);
    await site.page.getByText('Sound of the microphone').click();
    await site.page.getByRole('combobox', { name: 'Place' }).selectOption('mixer');
    await site.says(/The browser does (otherwise with|not say)|Confirmed by the browser/);
    await site.pressJoin();
    await site.joined();
    const hall = await join(world.chromium, world.server, 'hall', { width: 320, height: 180 });
    t.after(() => hall.close());
    await hall.sees('ha-giang', { hue: null });
    await hall.hears(site.voice);
    assert.equal(await site.sessions(), 1);
  });
});
