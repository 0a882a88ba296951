// Firefox and Chromium, both ways.
import { describe, it } from 'node:test';

import { hears, publish, readStats, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

describe('Firefox and Chromium', () => {
  const world = suite({ firefox: true });

  for (const [from, to] of /** @type {const} */ ([
    ['firefox', 'chromium'],
    ['chromium', 'firefox'],
  ])) {
    it(`${from} sends, ${to} sees and hears`, async (t) => {
      const note = { ceiling: 30_000, note: (line) => t.diagnostic(line) };
      const name = `from-${from}`;
      const publisher = await publish(world[from], world.server, world.moderator, { name }, note);
      const viewer = await watch(world[to], world.server, world.moderator, { name });
      await seesMotion(viewer, to, note);
      await hears(viewer, to, note);
      t.diagnostic(`codec: ${(await readStats(viewer)).codec}`);
      await Promise.all([publisher.context().close(), viewer.context().close()]);
    });
  }
});
