// A browser that plays no sound on a page nobody has touched: the picture comes at once, the sound by a button.
import { describe, it } from 'node:test';

import { hears, publish, seesMotion } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';

describe('a viewer whose browser refuses autoplay', () => {
  const world = suite({ chromium: { autoplay: false } });

  it('sees at once and hears after one click', async () => {
    await publish(world.chromium, world.server, world.moderator);
    const context = await world.chromium.newContext({ locale: 'en-US' });
    // Whatever the driver evaluates in a page counts as somebody touching it. So the page says by itself when it was refused.
    await context.addInitScript(() => {
      const play = HTMLMediaElement.prototype.play;
      HTMLMediaElement.prototype.play = async function () {
        return play.call(this).catch((error) => {
          console.log(`play: ${error.name}`);
          throw error;
        });
      };
    });
    const viewer = await context.newPage();
    const refused = viewer.waitForEvent('console', (message) => message.text() === 'play: NotAllowedError');
    await viewer.goto(world.server.link({ as: 'watch', name: 'hall', token: world.moderator }));
    await refused;
    await seesMotion(viewer, 'the viewer');
    await viewer.locator('.stage').getByRole('button', { name: 'Turn sound on' }).click();
    await hears(viewer, 'the viewer');
    await viewer.getByRole('button', { name: 'Turn sound off' }).waitFor();
  });
});
