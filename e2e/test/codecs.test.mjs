// Each video codec, published by Chromium and viewed by Chromium.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { publish, readStats, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

describe('the video codec', () => {
  const world = suite();

  for (const codec of ['VP8', 'VP9', 'H264', 'AV1']) {
    it(`${codec} is forwarded`, async (t) => {
      const note = { note: (line) => t.diagnostic(line) };
      const name = `in-${codec}`;
      const publisher = await publish(world.chromium, world.server, world.moderator, { name, codec }, note);
      const viewer = await watch(world.chromium, world.server, world.moderator, { name });
      await seesMotion(viewer, 'the viewer', note);
      assert.equal((await readStats(publisher)).codec, `video/${codec}`);
      assert.equal((await readStats(viewer)).codec, `video/${codec}`);
      await Promise.all([publisher.context().close(), viewer.context().close()]);
    });
  }
});
