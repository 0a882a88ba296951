// The core of taking part in Firefox: the large word, the chair's gate, push to talk, the technician's panel, sound only, a server that dies.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { join } from '../lib/participants.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('taking part in Firefox', () => {
  const world = suite({ firefox: true });
  const noting = (t) => ({ ceiling: 30_000, note: (line) => t.diagnostic(line) });
  /** @type {import('../lib/participants.mjs').Participant} */
  let hall, site;
  const shows = (wanted, options) => until(`it shows ${wanted}`, async () => (await site.page.locator('footer [data-word]').getAttribute('data-word')) === wanted, options);

  before(async () => {
    hall = await join(world.chromium, world.server, 'hall', { width: 320, height: 180, speaking: true });
    site = await join(world.firefox, world.server, 'ha-giang', { width: 320, height: 180, speaking: true });
    await site.sees('hall', { ceiling: 30_000 });
  });

  it('says in one word how things stand', async (t) => {
    await shows('live', noting(t));
    await site.press('Close microphone');
    await shows('mutedBySelf', noting(t));
    await site.press('Open microphone');
    await hall.hears('firefox', noting(t));
  });

  it('is told that the chair has closed its microphone, and heard again with the floor', async (t) => {
    const chair = await join(world.chromium, world.server, 'chair', { width: 320, height: 180 });
    await chair.press('Close the microphone of Hà Giang');
    await shows('mutedByChair', noting(t));
    await site.says(/The chair has closed your microphone\. Raise your hand to ask for the floor\./, noting(t));
    await hall.hearsNoMore('firefox', noting(t));
    await chair.press('Give Hà Giang the floor');
    await shows('live', noting(t));
    await hall.hears('firefox', noting(t));
    await chair.close();
  });

  it('is heard while the space bar is held', async (t) => {
    await site.openPanel('devices');
    await site.page.getByRole('switch', { name: 'Push to talk' }).click();
    await shows('hold', noting(t));
    await site.press('Close');
    await site.page.evaluate(() => document.activeElement?.blur());
    await hall.hearsNoMore('firefox', noting(t));
    await site.page.keyboard.down('Space');
    await hall.hears('firefox', noting(t));
    await site.page.keyboard.up('Space');
    await hall.hearsNoMore('firefox', noting(t));
  });

  it('shows the technician path, seal and rates', async (t) => {
    await site.press('Line and statistics');
    await site.says(/Received\s+[\d.]+ (k|M)b\/s/, noting(t));
    await site.says(/UDP, IPv[46], direct/, noting(t));
    await site.says(/DTLS 1\.\d, TLS_\w+\s+SRTP_\w+/, noting(t));
    await site.says(/On stage: .*\n.*VP8 · \d+ × \d+/, noting(t));
    await site.press('Close');
  });

  it('takes sound only, and pictures again', async (t) => {
    await site.openPanel('devices');
    const only = site.page.getByRole('switch', { name: 'Sound only' });
    await only.click();
    await site.says(/Pictures are switched off to spare your line\./, noting(t));
    await site.hears('hall', noting(t));
    assert.equal((await site.places()).length, 0);
    await only.click();
    await site.sees('hall', { use: 'stage', ...noting(t) });
    assert.equal(await site.sessions(), 1);
  });

  it('is back by itself, in its seat, after a server that was killed', async (t) => {
    await world.server.end('SIGKILL');
    await site.says(/The connection is interrupted|Pictures and sound are interrupted/, noting(t));
    await world.server.begin();
    await Promise.all([site.sees('hall', { use: 'stage', ...noting(t) }), hall.sees('ha-giang', noting(t))]);
    await shows('hold', noting(t)); // open, as it was
    await site.hears('hall', noting(t));
    await site.press('Close');
    await site.page.evaluate(() => document.activeElement?.blur());
    await site.page.keyboard.down('Space');
    await hall.hears('firefox', noting(t));
    await site.page.keyboard.up('Space');
    assert.equal(await site.sessions(), 2);
  });
});
