// A browser that plays no sound on a page nobody has touched: the picture comes at once, the sound by a button.
import { describe, it } from 'node:test';

import { hears, publish, seesMotion, watch } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

describe('a viewer whose browser refuses autoplay', () => {
  const world = suite({ chromium: { autoplay: false } });

  it('sees at once and hears after one click', async () => {
    await publish(world.chromium, world.server, world.moderator);
    const viewer = await watch(world.chromium, world.server, world.moderator);
    await seesMotion(viewer, 'the viewer');
    await viewer.locator('.stage').getByRole('button', { name: 'Turn sound on' }).click();
    await hears(viewer, 'the viewer');
    await viewer.getByRole('button', { name: 'Turn sound off' }).waitFor();
  });
});
