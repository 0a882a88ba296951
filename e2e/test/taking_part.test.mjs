// A site and a delegate while they take part: what the page tells them of their own place, and what they can do about it. On a
// computer and on a phone, on good lines and on weak ones, in four languages.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { fits, passesAxe, prepare, tabTo } from '../lib/looks.mjs';
import { Participant, invite, join } from '../lib/participants.mjs';
import { Proxy } from '../lib/proxy.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const size = { width: 320, height: 180 };
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

describe('taking part', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  /** @type {Participant} */
  let hall, chair, site;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const looked = { ...size, prepared: (context) => prepare(context, violations) };

  /** The large word, as the page's own name for it. @param {Participant} person */
  const word = (person) => person.page.locator('footer [data-word]').getAttribute('data-word');
  const shows = (person, wanted, options = {}) => until(`${person.seat} shows ${wanted}`, async () => (await word(person)) === wanted, options);
  /** What the page would ask of the server, by type. @param {Participant} person */
  const asked = (person) => person.page.evaluate(() => window.sentTypes);
  /** Packets of pictures and of sound. @param {Participant} person */
  const received = (person) =>
    person.page.evaluate(async () => {
      const streams = [...(await window.bridgehall.peerConnection.getStats()).values()].filter(({ type }) => type === 'inbound-rtp');
      return ['video', 'audio'].map((wanted) => streams.reduce((sum, { kind, packetsReceived }) => sum + (kind === wanted ? packetsReceived : 0), 0));
    });
  const lead = (command, wanted = 'done') => until(`the chair's ${command.type}`, async () => (await chair.page.evaluate((what) => window.command(what), command)) === wanted);

  /** Keeps the page's sockets in sight: what it sends, and a way to say something in the server's name or the page's. */
  async function watchSockets(context) {
    await context.addInitScript(() => {
      window.sentTypes = [];
      const answers = new Map();
      let number = 1_000_000;
      const Browsers = window.WebSocket;
      window.WebSocket = class extends Browsers {
        constructor(...words) {
          super(...words);
          window.tell = (message) => this.onmessage({ data: JSON.stringify(message) });
          window.command = (command) =>
            new Promise((done) => {
              answers.set(++number, done);
              super.send(JSON.stringify({ ...command, id: number }));
            });
          this.addEventListener('message', ({ data }) => {
            const { id, type } = JSON.parse(data);
            answers.get(id)?.(type);
          });
        }
        send(text) {
          window.sentTypes.push(JSON.parse(text).type);
          super.send(text);
        }
      };
    });
  }

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', size);
    chair = await join(world.chromium, world.server, 'chair', { ...size, prepared: watchSockets });
    site = await join(world.chromium, world.server, 'ha-giang', { ...looked, speaking: true, prepared: async (context) => (await prepare(context, violations), await watchSockets(context)) });
    await Promise.all([hall.sees('ha-giang'), site.sees('hall', { use: 'stage' })]);
  });

  it('a site reads its state from three metres', async (t) => {
    await shows(site, 'live', noting(t));
    for (const [width, height, least] of [[1366, 768, 36], [1920, 1080, 48], [360, 740, 20]]) {
      await site.page.setViewportSize({ width, height });
      const pixels = await site.page.locator('footer .word').evaluate((element) => parseFloat(getComputedStyle(element).fontSize));
      assert.ok(pixels >= least, `${pixels} px at ${width}`);
      await until(`it fits into ${width} px`, () => fits(site.page, 'a site').then(() => true, () => false));
    }
    await site.page.setViewportSize({ width: 1280, height: 800 });
    await passesAxe(site.page);
  });

  it('a site is told that it is muted, by whom, and what to do', async (t) => {
    await site.press('Close microphone');
    await shows(site, 'mutedBySelf', noting(t));
    await site.press('Open microphone');
    await shows(site, 'live', noting(t));
    await lead({ type: 'close_microphone', seat: 'ha-giang' });
    await shows(site, 'mutedByChair', noting(t));
    await site.says(/Muted by the chair\s+The chair has closed your microphone\. Raise your hand to ask for the floor\./);
    await passesAxe(site.page);
    await site.press('Raise hand');
    await passesAxe(site.page);
    await site.press('point of order');
    await shows(site, 'handRaised', noting(t));
    await site.says(/Your hand is raised: point of order\./);
    await passesAxe(site.page);
  });

  it('the floor is announced to who has it at once, and to the others', async (t) => {
    await lead({ type: 'open_microphone', seat: 'ha-giang' });
    await shows(site, 'live', noting(t));
    const urgent = site.page.locator('[aria-live=assertive]');
    await until('it is said at once', async () => /The chair has given you the floor/.test(await urgent.innerText()), noting(t));
    await until('the others hear of it', async () => /Hà Giang has the floor\./.test(await hall.page.locator('ul[aria-live=polite]').innerText()), noting(t));
    await hall.hears('ha-giang', noting(t));
    await lead({ type: 'close_microphone', seat: 'ha-giang' });
    await lead({ type: 'set_mode', mode: 'conference' });
    await shows(site, 'waiting', noting(t));
    await passesAxe(site.page);
    await lead({ type: 'set_mode', mode: 'discussion' });
    await lead({ type: 'open_microphone', seat: 'ha-giang' });
    await shows(site, 'live', noting(t));
  });

  it('a site speaks by holding the space bar, without asking the server each time', async (t) => {
    await site.openPanel('devices');
    await site.page.getByRole('switch', { name: 'Push to talk' }).click();
    await shows(site, 'hold', noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await passesAxe(site.page);
    await site.press('Close');
    await site.page.evaluate(() => document.activeElement?.blur());
    const before = (await asked(site)).filter((type) => /microphone/.test(type)).length;
    await site.page.keyboard.down('Space');
    await shows(site, 'live', noting(t));
    await hall.hears('ha-giang', noting(t));
    await site.page.keyboard.up('Space');
    await shows(site, 'hold', noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    const button = await site.button('Hold to talk').boundingBox();
    await site.page.mouse.move(button.x + 10, button.y + 10);
    await site.page.mouse.down();
    await hall.hears('ha-giang', noting(t));
    await site.page.mouse.move(10, 10);
    await shows(site, 'live');
    await site.page.mouse.up();
    await shows(site, 'hold', noting(t));
    assert.equal((await asked(site)).filter((type) => /microphone/.test(type)).length, before, 'commands about the microphone');
  });

  it('a microphone that is held closes when the page loses the focus, and stays silent while somebody types', async (t) => {
    await site.page.keyboard.down('Space');
    await shows(site, 'live');
    await site.page.evaluate(() => window.dispatchEvent(new Event('blur')));
    await shows(site, 'hold', noting(t));
    await site.page.keyboard.up('Space');
    await site.openPanel('chat');
    await site.page.getByLabel('Your message').focus();
    await site.page.keyboard.down('Space');
    assert.equal(await word(site), 'hold');
    await site.page.keyboard.up('Space');
    assert.equal(await site.page.getByLabel('Your message').inputValue(), ' ');
    await site.page.getByLabel('Your message').fill('');
    await site.press('Close');
  });

  it('push to talk is kept for the next time, opens a closed microphone once, and is refused in words without the floor', async (t) => {
    await lead({ type: 'close_microphone', seat: 'ha-giang' });
    await shows(site, 'mutedByChair', noting(t));
    await site.page.evaluate(() => document.activeElement?.blur());
    await site.page.keyboard.down('Space');
    await site.page.locator('.notice', { hasText: 'The chair has closed your microphone. Raise your hand to ask for the floor.' }).waitFor();
    await site.page.keyboard.up('Space');
    await lead({ type: 'open_microphone', seat: 'ha-giang' });
    await shows(site, 'hold', noting(t));
    await site.page.keyboard.down('Space');
    await hall.hears('ha-giang', noting(t));
    await site.page.keyboard.up('Space');
    assert.equal(await site.page.evaluate(() => localStorage.getItem('bridgehall.pushToTalk')), 'on');
    await site.openPanel('devices');
    await site.page.getByRole('switch', { name: 'Push to talk' }).click();
    await shows(site, 'live', noting(t));
    await site.press('Close');
  });

  it('a technician reads the line, and copies it as text', async (t) => {
    await site.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await site.press('Line and statistics');
    await site.says(/Received\s+[\d.]+ (k|M)b\/s/, noting(t));
    await site.says(/UDP, IPv[46], direct/);
    await site.says(/On stage: .*\n.*(VP8|VP9|H264|AV1) · \d+ × \d+/i, noting(t));
    await until('two plots have lines', async () => (await site.page.locator('aside figure path').evaluateAll((paths) => paths.filter((path) => path.getAttribute('d').includes('L')).length)) >= 2, noting(t));
    await passesAxe(site.page);
    await site.press('Copy as text');
    await site.says(/Copied\./);
    const text = await site.page.evaluate(() => navigator.clipboard.readText());
    for (const part of [/Sent: [\d.]+ [kM]b\/s/, /Round trip: \d+ ms/, /Path: UDP, IPv/, /Encryption: DTLS 1\.\d, .*; SRTP|AEAD/, /- Camera \([lmh]\): VP8 · 320 × 180/]) assert.match(text, part);
    assert.doesNotMatch(text, /eyJ/, 'no token');
  });

  it('a technician whose browser does not copy gets the text to copy by hand', async () => {
    await site.page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { configurable: true, value: undefined }));
    await site.press('Copy as text');
    const text = site.page.getByRole('textbox', { name: 'Copy as text' });
    assert.match(await text.inputValue(), /Path: UDP/);
    await until('it is marked', () => text.evaluate((element) => element === document.activeElement && element.selectionEnd > 100));
    await passesAxe(site.page);
    await site.press('Close');
    assert.equal(await site.page.evaluate(() => document.activeElement.id), 'open-figures');
  });

  it('a screen is shared by whoever may, and refused in words to whoever may not', async (t) => {
    await site.press('Share screen');
    await site.says(/only those who lead or are on stage share their screen/, noting(t));
    await lead({ type: 'set_stage', seat: 'ha-giang' });
    await site.says(/You are on stage: everyone sees you large\./);
    await site.page.evaluate(() => {
      const before = navigator.mediaDevices.getDisplayMedia;
      navigator.mediaDevices.getDisplayMedia = async (...words) => {
        const stream = await before.apply(navigator.mediaDevices, words);
        window.screenTrack = stream.getVideoTracks()[0];
        return stream;
      };
    });
    await site.press('Share screen');
    await hall.seesSlidesOf('ha-giang', noting(t));
    await hall.sees('ha-giang', { use: 'stage', ...noting(t) });
    await site.says(/You are showing your screen to everyone now\./);
    await hall.says(/Hà Giang is showing slides\./);
    await passesAxe(site.page);
    // The browser's own button.
    await site.page.evaluate(() => window.screenTrack.dispatchEvent(new Event('ended')));
    await hall.says(/Hà Giang no longer shows slides\./, noting(t));
    await until('the hall has no slides', async () => (await hall.places({ use: 'slides' })).length === 0, noting(t));
    await site.button('Share screen').waitFor();
    await lead({ type: 'set_stage', seat: 'hall' });
  });

  it('a room without a camera is told so in large letters', async (t) => {
    const room = await join(world.chromium, world.server, 'cao-bang', looked);
    await room.page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotFoundError'));
      navigator.mediaDevices.enumerateDevices = () => Promise.resolve([]);
      const [track] = document.querySelector('[data-use=self] video').srcObject.getTracks();
      track.stop();
      track.dispatchEvent(new Event('ended')); // unplugged
    });
    await shows(room, 'liveUnseen', noting(t));
    await room.press('Close microphone');
    await shows(room, 'noCamera', noting(t));
    await room.says(/No camera\s+Nobody sees you\./);
    await passesAxe(room.page);
    await room.close();
  });

  describe('a delegate with a phone', () => {
    /** @type {Participant} */
    let delegate;
    before(async () => {
      delegate = await join(world.chromium, world.server, 'delegate-1', { ...looked, context: phone });
      await delegate.sees('hall', { use: 'stage' });
    });
    after(() => delegate.close());

    const boxOf = (selector) => delegate.page.locator(selector).first().boundingBox();

    it('has the stage on top and the controls at the thumb', async () => {
      const stage = await boxOf('figure[data-use=stage]');
      assert.ok(stage.y < 150 && stage.width >= 340, JSON.stringify(stage));
      for (const name of ['Close microphone', 'Turn camera off', 'Raise hand', 'Chat', 'More', 'Leave']) {
        const box = await delegate.button(name, true).boundingBox();
        assert.ok(box.y > 740 * 0.8 && box.x >= 0 && box.x + box.width <= 360 && Math.min(box.width, box.height) >= 44, `${name} ${JSON.stringify(box)}`);
      }
      await fits(delegate.page, 'a delegate');
      await passesAxe(delegate.page);
    });

    it('opens panels as sheets, with the stage still above them', async (t) => {
      await delegate.openPanel('chat');
      const stage = await boxOf('figure[data-use=stage]');
      const sheet = await boxOf('aside');
      assert.ok(stage.y + stage.height <= sheet.y + 1 && stage.height > 60, JSON.stringify({ stage, sheet }));
      await delegate.sees('hall', { use: 'stage', ...noting(t) });
      await delegate.page.getByLabel('Your message').fill('Good morning');
      await delegate.press('Send');
      await delegate.says(/Good morning/);
      await passesAxe(delegate.page);
      await delegate.press('Close');
      await delegate.press('More');
      await until('the sheet is open', () => delegate.page.locator('#more-controls').evaluate((element) => element.matches(':popover-open')));
      await passesAxe(delegate.page);
      await delegate.button('Picture and sound').click();
      await delegate.page.getByRole('switch', { name: 'Sound only' }).waitFor();
      await passesAxe(delegate.page);
      await delegate.press('Close');
      assert.equal(await delegate.page.evaluate(() => document.activeElement.id), 'open-more');
    });

    it('turns it: everything is still there', async () => {
      await delegate.page.setViewportSize({ width: 740, height: 360 });
      await fits(delegate.page, 'a delegate');
      await until('the stage has most of it', async () => (await boxOf('figure[data-use=stage]')).height > 200);
      const leave = await delegate.button('Leave', true).boundingBox();
      assert.ok(leave.y + leave.height <= 360, JSON.stringify(leave));
      await delegate.openPanel('chat');
      await passesAxe(delegate.page);
      await delegate.press('Close');
      await delegate.page.setViewportSize(phone.viewport);
    });

    it('fills the screen: the state stays in sight, and what is not seen is not pressed', async () => {
      await delegate.press('Full screen');
      await until('the screen is filled', () => delegate.page.evaluate(() => document.fullscreenElement !== null));
      const leave = delegate.button('Leave', true);
      const opacity = () => delegate.page.locator('footer .buttons').evaluate((buttons) => getComputedStyle(buttons).opacity);
      await until('the controls go away', async () => (await opacity()) === '0');
      assert.ok(await delegate.page.locator('footer [data-word]').isVisible());
      const box = await leave.boundingBox();
      await delegate.page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
      await until('the controls are there', async () => (await opacity()) === '1');
      await delegate.sees('hall', { use: 'stage' }); // it has not left
      await delegate.press('Leave full screen');
      await until('the page is as before', () => delegate.page.evaluate(() => document.fullscreenElement === null));
    });

    it('takes sound only: no picture is sent to it any more, it is said, and kept', async (t) => {
      await delegate.press('More');
      await delegate.button('Picture and sound').click();
      await delegate.page.getByRole('switch', { name: 'Sound only' }).click();
      await delegate.press('Close');
      await delegate.says(/Pictures are switched off to spare your line\./);
      await until('no picture comes', async () => {
        const [pictures, sound] = await received(delegate);
        await until('a second of sound comes', async () => (await received(delegate))[1] >= sound + 50);
        return (await received(delegate))[0] === pictures;
      }, noting(t));
      await delegate.says(/Speaking now.*Hà Giang/, noting(t));
      await passesAxe(delegate.page);
      await delegate.press('Stop sending my picture too');
      await until('the hall sees words instead', async () => /Camera is off/.test((await hall.places({ seat: 'delegate-1' }))[0]?.words), noting(t));
      await delegate.page.reload();
      await delegate.pressJoin();
      await delegate.joined();
      await delegate.says(/Pictures are switched off to spare your line\./);
      await delegate.press('Show pictures again');
      await delegate.sees('hall', { use: 'stage', ...noting(t) });
    });
  });

  describe('a delegate on a weak line', () => {
    /** @type {Participant} */
    let delegate;
    before(async () => {
      delegate = await join(world.chromium, world.server, 'delegate-2', { ...looked, prepared: async (context) => (await prepare(context, violations), await watchSockets(context)) });
      await delegate.sees('hall', { use: 'stage' });
    });
    after(() => delegate.close());

    const tell = (state) => delegate.page.evaluate((what) => window.tell({ type: 'slots', slots: [{ slot: 0, seat: 'hall', state: what, quality: 'off' }] }), state);

    it('is offered sound only when it lasts, and may decline', async (t) => {
      await tell('line');
      await delegate.says(/too weak for the pictures for a while\. Go on with sound only\?/, { ceiling: 40_000, ...noting(t) });
      await passesAxe(delegate.page);
      assert.notEqual((await delegate.places({ use: 'stage' })).length, 0, 'nothing is switched without asking');
      await delegate.press('Keep pictures');
      await until('it is gone', async () => !/Go on with sound only/.test(await delegate.page.locator('body').innerText()), noting(t));
    });
  });

  describe('somebody elsewhere', () => {
    it('reads times of the conference and their own', async (t) => {
      const away = await join(world.chromium, world.server, 'delegate-2', { ...looked, context: { timezoneId: 'Europe/Berlin' } });
      await away.openPanel('chat');
      await away.page.getByLabel('Your message').fill('What time is it?');
      await away.press('Send');
      await away.says(/\d\d:\d\d \((\w{3} )?\d\d:\d\d where you are\)/, noting(t));
      await away.close();
    });
  });

  for (const [locale, muted, live] of [['vi-VN', 'Bạn đã tắt micrô', 'Trực tiếp'], ['fr-FR', 'Coupé par vous', 'En direct'], ['de-DE', 'Von Ihnen stummgeschaltet', 'Auf Sendung'], ['en-GB', 'Muted by you', 'Live']]) {
    it(`speaks ${locale}`, async (t) => {
      const person = await invite(world.chromium, world.server, 'bac-kan', { ...looked, context: { locale } });
      await person.page.locator('button.join').click();
      await person.joined();
      const says = (text) => until(`it says ${text}`, async () => (await person.page.locator('footer .word').innerText()) === text, noting(t));
      await says(live);
      await person.page.locator('footer .buttons button').first().click();
      await says(muted);
      await passesAxe(person.page);
      for (const width of [1366, 360]) {
        await person.page.setViewportSize({ width, height: 768 });
        await fits(person.page, locale);
      }
      await person.close();
    });
  }

  it('works by keyboard alone', async () => {
    await site.page.evaluate(() => document.activeElement?.blur());
    await tabTo(site.page, 'Raise hand');
    await site.page.keyboard.press('Enter');
    await tabTo(site.page, 'reply');
    await site.page.keyboard.press('Enter');
    await site.says(/Your hand is raised: reply\./);
    await tabTo(site.page, 'Line and statistics');
    await site.page.keyboard.press('Enter');
    await site.button('Copy as text').waitFor();
    await site.page.keyboard.press('Escape');
    assert.equal(await site.page.evaluate(() => document.activeElement.id), 'open-figures');
    await lead({ type: 'lower_hand', seat: 'ha-giang' });
  });

  it('raises and lowers the hand by keys alone, the focus on its button', async (t) => {
    const focusIs = (wanted) => until(`the focus is on ${wanted}`, async () => (await site.page.evaluate(() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent)) === wanted, noting(t));
    await site.page.evaluate(() => document.activeElement?.blur());
    await site.page.keyboard.press('h');
    await focusIs('contribution');
    await site.page.keyboard.press('Escape');
    await focusIs('Raise hand');
    await site.page.keyboard.press('h');
    await focusIs('contribution');
    await site.page.keyboard.press('Enter');
    await focusIs('Lower hand');
    await site.page.keyboard.press('Enter');
    await focusIs('Raise hand');
  });

  it('moves nothing for whoever wants that', async (t) => {
    // What grows, slides or turns; a colour or a light that changes moves nothing.
    const moving = () =>
      site.page.evaluate(() => {
        const still = /color|opacity|outline|shadow|fill|stroke|none/;
        const seconds = (times) => times.split(', ').map(parseFloat);
        return [...document.querySelectorAll('*')].flatMap((element) =>
          ['', '::before', '::after'].filter((pseudo) => {
            const { transitionProperty, transitionDuration, animationName, animationDuration } = getComputedStyle(element, pseudo || null);
            const durations = seconds(transitionDuration);
            const slides = transitionProperty.split(', ').some((property, index) => !still.test(property) && durations[index % durations.length] > 0.01);
            return slides || (animationName !== 'none' && seconds(animationDuration).some((duration) => duration > 0.01));
          }).map((pseudo) => `${element.tagName}.${element.getAttribute('class')}${pseudo}`),
        );
      });
    await site.openPanel('devices');
    await site.page.emulateMedia({ reducedMotion: 'no-preference' });
    const usually = await moving();
    t.diagnostic(usually.join(' '));
    for (const tag of ['FIGURE', 'BUTTON']) assert.ok(usually.some((what) => what.startsWith(tag)), `${tag}: ${usually}`);
    await site.page.emulateMedia({ reducedMotion: 'reduce' });
    assert.deepEqual(await moving(), []);
    await site.press('Close');
  });

  it('keeps the language and a warning of the server in reach on a low screen', async (t) => {
    await site.page.setViewportSize({ width: 683, height: 384 }); // 1366 × 768 at 200 %
    await site.page.evaluate(() => window.tell({ type: 'recording_trouble', trouble: 'disk_full', unrecorded: [] }));
    await until('the warning is seen', () => site.page.locator('section.record').isVisible(), noting(t));
    await fits(site.page, 'a site with a warning');
    await passesAxe(site.page);
    await site.page.evaluate(() => window.tell({ type: 'recording_trouble', unrecorded: [] }));
    await site.press('More');
    const language = site.page.locator('#more-controls select');
    await language.selectOption('fr');
    await until('it speaks French', () => site.button('Quitter', true).isVisible(), noting(t));
    await language.selectOption('en');
    await passesAxe(site.page);
    await site.page.keyboard.press('Escape');
    await site.page.setViewportSize({ width: 1280, height: 800 });
  });

  it('breaks no rule of the content security policy and throws nothing', () => assert.deepEqual(violations, []));
});

describe('coming back', () => {
  const world = suite();
  /** @type {Participant} */
  let hall, site;
  /** @type {Proxy} */
  let proxy;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const shows = (person, wanted, options = {}) =>
    until(`${person.seat} shows ${wanted}`, async () => (await person.page.locator('footer [data-word]').getAttribute('data-word')) === wanted, options);
  const within5 = async (t, what, done) => {
    const began = performance.now();
    await done;
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${what} after ${seconds.toFixed(2)} s`);
    assert.ok(seconds <= 5, `${what} after ${seconds} s`);
  };

  before(async () => {
    proxy = await Proxy.start(world.server.port);
    hall = await join(world.chromium, world.server, 'hall', size);
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, speaking: true, origin: proxy.origin });
    await hall.hears('ha-giang');
    await site.sees('hall');
    await site.openPanel('chat');
    await site.page.getByLabel('Your message').fill('half a sente');
  });
  after(() => proxy.end());

  const untouched = async () => {
    assert.equal(await site.page.getByLabel('Your message').inputValue(), 'half a sente');
    assert.equal(await site.page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Your message');
  };

  it('from a cut line: within five seconds, in the same seat, the focus where it was', async (t) => {
    proxy.cut();
    await shows(site, 'reconnecting', noting(t));
    await site.page.context().setOffline(true);
    await shows(site, 'offline', noting(t));
    await site.says(/This device has no network\. Check the cable or the Wi-Fi/);
    proxy.mend();
    await site.page.context().setOffline(false);
    await within5(t, 'live again', shows(site, 'live'));
    await hall.hears('ha-giang', noting(t));
    assert.equal(await site.sessions(), 1);
    await untouched();
  });

  it('from a server that starts again, which is said', async (t) => {
    const ended = world.server.end('SIGTERM');
    await shows(site, 'restarting', noting(t));
    await site.says(/There is nothing to do: you will be back by yourself in a few seconds\./);
    await ended;
    await world.server.begin();
    await within5(t, 'back', site.sees('hall'));
    await shows(site, 'live', noting(t)); // its record knows that the microphone was open
    await hall.hears('ha-giang', noting(t));
    await untouched();
  });

  it('from a frozen tab', async (t) => {
    const cdp = await site.page.context().newCDPSession(site.page);
    await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
    await new Promise((done) => setTimeout(done, 10_000)); // as long as it is frozen
    await cdp.send('Page.setWebLifecycleState', { state: 'active' });
    await within5(t, 'sees the hall', Promise.all([site.sees('hall'), hall.hears('ha-giang')]));
    await shows(site, 'live', noting(t));
    await untouched();
  });
});
