// Who is heard and seen is the chair's to decide, and the server's to enforce: packets stop, the page says so in words, and a raised
// hand is answered with the floor.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('the floor', () => {
  const world = suite();
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, chair, site;
  const noting = (t) => ({ note: (line) => t.diagnostic(line) });
  const dropped = () => world.server.metric('bridgehall_drops_total', 'reason="gate_closed"');

  before(async () => {
    const size = { width: 320, height: 180 };
    hall = await join(world.chromium, world.server, 'hall', size);
    chair = await join(world.chromium, world.server, 'chair', size);
    site = await join(world.chromium, world.server, 'ha-giang', { ...size, speaking: true });
    await chair.openPanel('people');
    await hall.hears('ha-giang');
  });

  it('is the chair\'s alone to give in the mode of the chair', async (t) => {
    await chair.page.getByLabel('Who opens microphones').selectOption('conference');
    await site.says(/The chair gives the floor\. Raise your hand to speak\./, noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await chair.page.getByLabel('Who opens microphones').selectOption('discussion');
    await site.press('Open microphone');
    await hall.hears('ha-giang', noting(t));
  });

  it('is taken by the chair: nothing is heard any more, and the page says so', async (t) => {
    // A page that goes on sending whatever it is told: what it sends is dropped.
    await site.page.evaluate(() => {
      const [sender] = window.bridgehall.peerConnection.getSenders();
      const { track } = sender;
      Object.defineProperty(track, 'enabled', { get: () => true, set: () => undefined });
    });
    const before = await dropped();
    await chair.press('Close the microphone of Hà Giang');
    await site.says(/The chair has closed your microphone\. Raise your hand to ask for the floor\./, noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await until('packets are dropped at the gate', async () => (await dropped()) > before + 20, noting(t));
    await chair.says(/microphone closed by the chair/);
  });

  it('is not to be had by opening the own microphone', async (t) => {
    await site.press('Open microphone');
    await site.page.locator('.notice', { hasText: 'The chair has closed your microphone. Raise your hand to ask for the floor.' }).waitFor();
    await chair.hearsNoMore('ha-giang');
  });

  it('is asked for by raising a hand, which the chair sees', async (t) => {
    await site.press('Raise hand');
    await site.press('contribution');
    await site.says(/Your hand is raised: contribution\./, noting(t));
    await chair.says(/Asking for the floor\s+Hà Giang\s+contribution/, noting(t));
  });

  it('is given by the chair: heard again, and the page says so', async (t) => {
    await chair.page.locator('[data-hand=ha-giang]').getByRole('button', { name: 'Give the floor' }).click();
    await site.says(/Your microphone is open: you can be heard\./, noting(t));
    await Promise.all([hall.hears('ha-giang', noting(t)), chair.hears('ha-giang', noting(t))]);
    assert.equal(await chair.page.locator('[data-hand=ha-giang]').count(), 0);
  });

  it('is left by the speaker, who may take it again', async (t) => {
    await site.press('Close microphone');
    await site.says(/Your microphone is closed\./, noting(t));
    await hall.hearsNoMore('ha-giang', noting(t));
    await site.press('Open microphone');
    await hall.hears('ha-giang', noting(t));
  });

  it('a camera is closed by the chair and opened again', async (t) => {
    await hall.sees('ha-giang');
    await chair.press('Close the camera of Hà Giang');
    await until('the hall sees words instead', async () => (await hall.places({ seat: 'ha-giang' }))[0].words === 'Camera closed by the chair', noting(t));
    await site.says(/The chair has closed your camera\./);
    await chair.press('Open the camera of Hà Giang');
    await hall.sees('ha-giang', noting(t));
  });

  it('a camera is turned off and on by its owner', async (t) => {
    await site.press('Turn camera off');
    await until('the hall sees words instead', async () => (await hall.places({ seat: 'ha-giang' }))[0].words === 'Camera is off', noting(t));
    await site.press('Turn camera on');
    await hall.sees('ha-giang', noting(t));
  });

  it('messages reach everyone, or the chair alone', async (t) => {
    await Promise.all([hall.openPanel('chat'), site.openPanel('chat')]);
    const write = async (text, to) => {
      await site.page.getByLabel('To').selectOption(to);
      await site.page.getByLabel('Your message').fill(text);
      await site.press('Send');
    };
    await write('Can you hear us well?', 'everyone');
    await hall.says(/Hà Giang\s+.*\s+Can you hear us well\?/, noting(t));
    await write('We have to leave at four.', 'chair');
    await chair.openPanel('chat');
    await chair.says(/to the chair\s+We have to leave at four\./, noting(t));
    await write('Thank you.', 'everyone');
    await hall.says(/Thank you\./);
    assert.doesNotMatch(await hall.page.locator('body').innerText(), /leave at four/);
  });

  it('all of that without a new session', async () => {
    for (const person of [hall, chair, site]) assert.equal(await person.sessions(), 1);
  });
});
