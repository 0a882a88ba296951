// What the person at the camera can change while sending: none of it needs a new session, all of it is said in words.
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';

import { hears, publish, readStats, seesMotion, sessionsOf, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

describe('a publisher', () => {
  const world = suite();
  let publisher;
  let viewer;

  before(async () => {
    publisher = await publish(world.chromium, world.server, world.moderator);
    viewer = await watch(world.chromium, world.server, world.moderator);
    await seesMotion(viewer, 'the viewer');
    await hears(viewer, 'the viewer');
  });

  const press = (name) => publisher.getByRole('button', { name, exact: true }).click();
  const says = (words) => publisher.getByText(words).first().waitFor();

  it('mutes the microphone: silence arrives, then sound again', async () => {
    await press('Mute microphone');
    await says('Your microphone is muted.');
    await until('silence arrives', async () => {
      const before = await readStats(viewer);
      await until('fifty packets of sound come', async () => (await readStats(viewer)).audioPackets > before.audioPackets + 50);
      return (await readStats(viewer)).audioEnergy - before.audioEnergy < 1e-6;
    });
    await press('Unmute microphone');
    const { audioEnergy } = await readStats(viewer);
    await until('sound arrives', async () => (await readStats(viewer)).audioEnergy > audioEnergy + 1e-4);
  });

  it('turns the camera off and on', async () => {
    await press('Turn camera off');
    await says('Your camera is off.');
    await press('Turn camera on');
    await seesMotion(viewer, 'the viewer');
  });

  it('shares the screen instead, and comes back', async (t) => {
    await press('Share screen');
    await says('You are sharing your screen.');
    const width = await until('the screen is sent', async () => {
      const { width } = await readStats(publisher);
      return width > 640 && width;
    });
    await until('the viewer gets it', async () => (await readStats(viewer)).width > 640, { note: (line) => t.diagnostic(line) });
    t.diagnostic(`the screen is ${width} px wide`);
    await press('Stop sharing');
    await until('the viewer gets the camera', async () => (await readStats(viewer)).width === 640);
    await seesMotion(viewer, 'the viewer');
  });

  it('chooses a larger picture', async () => {
    await publisher.getByLabel('Picture size').selectOption('720');
    await until('the viewer gets it', async () => (await readStats(viewer)).width > 640);
  });

  it('needs no new session for any of it', async () => {
    assert.equal(await sessionsOf(publisher), 1);
    assert.equal(await sessionsOf(viewer), 1);
  });
});
