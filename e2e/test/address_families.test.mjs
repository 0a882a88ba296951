// The media path over each of the server's kinds of address: the server's answers are cut down to one kind before the
// browser sees them.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';

import { open, seesMotion, startSending } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

const candidateAddress = (line) => line.split(' ')[4];
const families = {
  IPv4: { is: (address) => !address.includes(':'), number: 'IPv4' },
  IPv6: { is: (address) => address.includes(':'), number: 'IPv6' },
};

/** Opens the page with only those candidates of the server that `keeps` accepts. */
async function openWith(browser, link, keeps) {
  const page = await open(browser, 'about:blank');
  await page.route(/\/wh[ie]p\//, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    const response = await route.fetch();
    const lines = (await response.text()).split('\r\n');
    const body = lines.filter((line) => !line.startsWith('a=candidate:') || keeps(candidateAddress(line))).join('\r\n');
    await route.fulfill({ response, body });
  });
  await page.goto(link);
  return page;
}

function selectedRemote(page) {
  return page.evaluate(async () => {
    const report = await window.bridgehall.peerConnection.getStats();
    const pair = [...report.values()].find((stats) => stats.type === 'candidate-pair' && stats.nominated && stats.state === 'succeeded');
    return report.get(pair?.remoteCandidateId)?.address ?? '';
  });
}

describe('media goes over', () => {
  const world = suite();
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list.filter((one) => !one.internal && !one.address.startsWith('fe80')));

  for (const [family, { is, number }] of Object.entries(families)) {
    const skip = addresses.some((one) => one.family === number) ? false : `this machine has no ${family} address`;
    it(family, { skip }, async (t) => {
      const note = { note: (line) => t.diagnostic(line) };
      const name = `over-${family}`;
      const link = (as) => world.server.link({ as, name, quality: '360', token: world.moderator });
      const publisher = await openWith(world.chromium, link('publish'), is);
      await startSending(publisher, note);
      const viewer = await openWith(world.chromium, link('watch'), is);
      await seesMotion(viewer, 'the viewer', note);
      for (const page of [publisher, viewer]) {
        const remote = await selectedRemote(page);
        assert.ok(remote && is(remote), `the pair in use leads to ${remote || 'nowhere known'}`);
      }
      await Promise.all([publisher.context().close(), viewer.context().close()]);
    });
  }
});
