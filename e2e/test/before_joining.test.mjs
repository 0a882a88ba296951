// Before joining: everything about camera, microphone, loudspeaker and line is said in words, and nothing keeps anybody out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { fits, passesAxe, photograph, prepare, tabTo } from '../lib/looks.mjs';
import { noNamespaces } from '../lib/namespaces.mjs';
import { invite } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';
import { walled } from '../lib/walled.mjs';

const camera = { kind: /** @type {const} */ ('videoinput'), id: 'hall', label: 'Hall camera', hue: 200 };
const laptop = { kind: /** @type {const} */ ('videoinput'), id: 'laptop', label: 'Laptop camera', hue: 30 };
const microphone = { kind: /** @type {const} */ ('audioinput'), id: 'desk', label: 'Desk microphone', hertz: 400 };
const speaker = { kind: /** @type {const} */ ('audiooutput'), id: 'ceiling', label: 'Ceiling loudspeakers' };

describe('before joining', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  /** @param {Parameters<typeof invite>[3]} options */
  const arrive = (options = {}, seat = 'ha-giang') => invite(world.chromium, world.server, seat, { prepared: (context) => prepare(context, violations), ...options });
  const cameraOf = ({ page }) => page.getByRole('combobox', { name: 'Camera', exact: true });
  const checked = ({ page }) => page.locator('[data-check=udp]').waitFor();

  it('one sees and hears oneself, and reads that UDP works', async (t) => {
    const person = await arrive({ plugs: [camera, microphone, speaker] });
    t.after(() => person.close());
    await person.says(/Ready\. Nobody sees or hears you yet\./);
    await person.says(/We hear you\./);
    await person.says(/UDP works: the best way for picture and sound\.\s+Over UDP (127\.0\.0\.1|\[?[\d.a-f:]+\]?):\d+/);
    await passesAxe(person.page);
    await person.page.getByText('Sound of the microphone').click();
    await passesAxe(person.page);
    await photograph(person.page, 'before-joining');
    assert.equal(await world.server.metric('bridgehall_sessions'), 0, 'the check leaves nothing behind');
  });

  it('the line is checked again with a token of its own when the first is old', async (t) => {
    const tokens = [];
    const used = [];
    const person = await arrive({
      prepared: async (context) => {
        await prepare(context, violations);
        await context.route('**/api/invitations/exchange', async (route) => {
          const response = await route.fetch();
          const admission = await response.json();
          tokens.push(`Bearer ${admission.token}`);
          await route.fulfill({ response, json: { ...admission, expires_in: tokens.length === 1 ? 0 : admission.expires_in } });
        });
        context.on('request', (request) => request.url().includes('/whep/') && request.method() === 'POST' && used.push(request.headers().authorization));
      },
    });
    t.after(() => person.close());
    await checked(person);
    await until('a fresh token is used', () => tokens.length === 2 && used.at(-1) === tokens[1]);
    await person.page.evaluate(() => window.dispatchEvent(new Event('online')));
    const before = used.length;
    await until('the line is checked again', () => used.length > before);
    await checked(person);
    assert.deepEqual([tokens.length, used.at(-1)], [2, tokens[1]]);
  });

  it('who says nothing is asked to speak, who is too loud is told', async (t) => {
    const quiet = await arrive({ speaking: false });
    t.after(() => quiet.close());
    await quiet.says(/Nothing heard yet: say something\.|No sound at all/);
    await quiet.speak(true);
    await quiet.says(/We hear you\./);
    await quiet.press('Mute microphone');
    await quiet.says(/Your microphone is muted\./);
  });

  it('the loudspeaker is tried where it was chosen', async (t) => {
    const person = await arrive({
      plugs: [camera, microphone, speaker],
      prepared: async (context) => {
        await prepare(context, violations);
        await context.addInitScript(() => {
          window.played = [];
          const chosen = new WeakMap();
          HTMLMediaElement.prototype.setSinkId = async function (id) {
            chosen.set(this, id);
          };
          const play = HTMLMediaElement.prototype.play;
          HTMLMediaElement.prototype.play = function () {
            const stream = this.srcObject;
            if (this instanceof HTMLAudioElement && stream) {
              const analyser = new AnalyserNode(new AudioContext());
              analyser.context.createMediaStreamSource(stream).connect(analyser);
              const entry = { sink: chosen.get(this) ?? '', peak: 0 };
              window.played.push(entry);
              const samples = new Float32Array(analyser.fftSize);
              setInterval(() => (analyser.getFloatTimeDomainData(samples), (entry.peak = Math.max(entry.peak, ...samples))), 20);
            }
            return play.call(this);
          };
        });
      },
    });
    t.after(() => person.close());
    await person.page.getByRole('combobox', { name: 'Loudspeaker' }).selectOption('Ceiling loudspeakers');
    await person.press('Play a test sound');
    await person.says(/Did you hear it\?/);
    assert.equal(await person.page.evaluate(() => document.activeElement?.textContent), 'Yes');
    await passesAxe(person.page);
    const [played] = await person.page.evaluate(() => window.played);
    assert.equal(played.sink, 'ceiling');
    assert.ok(played.peak > 0.1 && played.peak < 0.9, `a sound of ${played.peak}`);
    await person.press('No');
    await person.says(/Turn the volume up/);
    await passesAxe(person.page);
    await person.press('Play a test sound');
    await person.says(/Did you hear it\?/);
    await person.press('Yes');
    await person.says(/Good: the conference will be heard here\./);
    await person.page.reload();
    await until('the choice is remembered', async () => (await person.page.getByRole('combobox', { name: 'Loudspeaker' }).inputValue()) === 'ceiling');
  });

  it('a computer without any device waits for one, and lets one join all the same', async (t) => {
    const person = await arrive({ plugs: [{ ...camera, in: false }, { ...microphone, in: false }] });
    t.after(() => person.close());
    await person.says(/No camera and no microphone found\./);
    await person.says(/What to do\s+Plug it in/);
    await person.says(/You can join without camera and microphone/);
    await checked(person);
    await passesAxe(person.page);
    await photograph(person.page, 'no-devices');
    await person.page.evaluate(() => window.plugs.in('hall'));
    await until('the camera is used', async () => (await cameraOf(person).inputValue()) === 'hall');
    await person.says(/No microphone found/);
    await person.page.evaluate(() => window.plugs.out('hall'));
    await person.says(/“Hall camera” is no longer connected\. Plug it in again/);
    await person.pressJoin();
    await person.joined();
  });

  it('a busy camera is said, costs no microphone, and can be asked for again', async (t) => {
    const person = await arrive({ plugs: [{ ...camera, busy: true }, microphone] });
    t.after(() => person.close());
    await person.says(/Another program is using the camera\./);
    await person.says(/Close other programs and windows/);
    await person.says(/We hear you\./);
    await passesAxe(person.page);
    await person.page.evaluate(() => window.plugs.busy('hall', false));
    await person.press('Ask again');
    await person.says(/Ready\. Nobody sees or hears you yet\./);
    assert.equal(await person.page.evaluate(() => window.plugs.open('desk')), 1);
  });

  it('a busy camera is left for another one, in words', async (t) => {
    const person = await arrive({ plugs: [{ ...camera, busy: true }, laptop, microphone] });
    t.after(() => person.close());
    await until('the other camera is used', async () => (await cameraOf(person).inputValue()) === 'laptop');
    await cameraOf(person).selectOption('Hall camera');
    await person.says(/“Hall camera” is used by another program\. In use here: “Laptop camera”\./);
    assert.equal(await cameraOf(person).inputValue(), 'laptop');
    await passesAxe(person.page);
  });

  for (const [what, name, message, words] of /** @type {const} */ ([
    ['the system', 'NotAllowedError', 'Permission denied by system', /This computer’s own settings do not let the browser use camera and microphone\./],
    ['a closed question', 'NotAllowedError', 'Permission dismissed', /Press “Ask again” and choose “Allow”/],
  ]))
    it(`a refusal by ${what} is told from the page’s own`, async (t) => {
      const person = await arrive({
        prepared: async (context) => {
          await prepare(context, violations);
          // installDevices comes later and is overridden at the last moment.
          await context.addInitScript(
            ([errorName, errorMessage]) => document.addEventListener('readystatechange', () => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException(errorMessage, errorName))), { once: true }),
            [name, message],
          );
        },
      });
      t.after(() => person.close());
      await person.says(words);
      await passesAxe(person.page);
    });

  it('an insecure page says what to change', async (t) => {
    const person = await arrive({ prepared: (context) => context.addInitScript(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined })) });
    t.after(() => person.close());
    await person.says(/Browsers give camera and microphone only to pages opened by https/);
    await person.says(/Open this page with https:\/\//);
    await person.pressJoin();
    await person.joined();
  });

  for (const [locale, words, help, device] of /** @type {const} */ ([
    ['de-DE', /Der Browser verweigert|Die Einstellungen dieses Computers/, /Was zu tun ist/, /UDP geht/],
    ['fr-FR', /Le navigateur refuse|Les réglages de cet ordinateur/, /Que faire/, /UDP fonctionne/],
    ['vi-VN', /Trình duyệt từ chối|Cài đặt của máy tính/, /Cần làm gì/, /UDP thông/],
  ]))
    it(`speaks ${locale}, on a phone`, async (t) => {
      const person = await arrive({
        context: { locale, viewport: { width: 360, height: 740 } },
        prepared: async (context) => {
          await prepare(context, violations);
          await context.addInitScript(() => document.addEventListener('readystatechange', () => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))), { once: true }));
        },
      });
      t.after(() => person.close());
      for (const expected of [words, help, device]) await person.says(expected);
      await fits(person.page, locale);
      await passesAxe(person.page);
    });

  it('who only watches is asked for no camera, but can try the loudspeaker and reads of the line', async (t) => {
    const person = await arrive({ plugs: [camera, microphone, speaker] }, 'screen');
    t.after(() => person.close());
    await person.says(/You take part as a viewer/);
    await checked(person);
    assert.equal(await person.page.evaluate(() => window.plugs.open('hall') + window.plugs.open('desk')), 0);
    assert.equal(await cameraOf(person).count(), 0);
    await person.press('Play a test sound');
    await person.says(/Did you hear it\?/);
    await passesAxe(person.page);
    await person.pressJoin();
    await person.joined();
  });

  it('all of it is reached by keyboard, and Enter joins', async (t) => {
    const person = await arrive({ plugs: [camera, laptop, microphone, speaker] });
    t.after(() => person.close());
    await checked(person);
    for (const name of ['Mute microphone', 'Turn camera off', 'Play a test sound', 'Sound of the microphone']) await tabTo(person.page, name);
    await person.page.keyboard.press('Enter');
    await tabTo(person.page, 'Echo cancellation');
    await person.page.keyboard.press('Space');
    await until('it is switched off', async () => (await person.page.getByRole('switch', { name: 'Echo cancellation' }).getAttribute('aria-checked')) === 'false');
    await person.says(/Confirmed by the browser\./);
    await person.page.reload();
    await person.page.locator('[data-phase=preview]').waitFor();
    await person.page.keyboard.press('Enter');
    await person.joined();
  });

  it('breaks no rule of the content security policy', () => assert.deepEqual(violations, []));
});

describe('a browser that asks', () => {
  const world = suite({ chromium: { asks: true } });

  it('and refuses is explained; when it is allowed, the page goes on by itself', async (t) => {
    const context = await world.chromium.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 } });
    t.after(() => context.close());
    await prepare(context, []);
    const page = await context.newPage();
    await page.goto(world.server.link({ as: 'publish', name: 'hall', token: world.moderator }));
    await page.getByText('The browser refuses camera and microphone.').waitFor();
    await page.getByText('Click the icon to the left of the address above').waitFor();
    await passesAxe(page);
    await photograph(page, 'refused');
    await context.grantPermissions(['camera', 'microphone']);
    await page.getByText('Ready. Nobody sees or hears you yet.').waitFor();
    assert.equal(await page.getByText('What to do').count(), 0);
    await context.clearPermissions();
  });
});

describe('the check of the connection', { skip: noNamespaces }, () => {
  const world = walled();

  it('says that only TCP works, then that nothing does and which address did not answer, then that UDP does', async (t) => {
    await world.wall('meta l4proto udp drop');
    const person = await invite(world.chromium, world.server, 'ha-giang', { prepared: (context) => prepare(context, []) });
    t.after(() => person.close());
    await person.page.locator('[data-check=tcp]').waitFor({ timeout: 12_000 });
    await person.says(/Only TCP works/);
    await person.says(new RegExp(`Over TCP ${world.home.address.replaceAll('.', '[.]')}:${world.mediaPort}`));
    await person.says(new RegExp(`both ways: UDP ${world.mediaPort}`));
    await person.page.getByText('What did not answer').click();
    await person.says(new RegExp(`UDP ${world.home.address.replaceAll('.', '[.]')}:${world.mediaPort} — no answer`));
    await passesAxe(person.page);
    await photograph(person.page, 'only-tcp');

    await world.wall('drop');
    await person.press('Check again');
    await person.page.locator('[data-check=nothing]').waitFor({ timeout: 12_000 });
    await person.says(new RegExp(`both ways: UDP ${world.mediaPort}, TCP ${world.mediaPort}`));
    await passesAxe(person.page);

    await world.wall();
    await person.press('Check again');
    await person.page.locator('[data-check=udp]').waitFor({ timeout: 12_000 });
    assert.equal(await person.page.getByRole('button', { name: 'Check again' }).count(), 0);
  });

  it('holds nobody up', async (t) => {
    await world.wall('meta l4proto udp drop');
    const person = await invite(world.chromium, world.server, 'cao-bang');
    t.after(() => person.close());
    await person.page.locator('[data-check=running]').waitFor();
    await person.pressJoin();
    await person.joined({ ceiling: 30_000 });
    await world.wall();
  });
});
