// What every file of tests needs: a server and browsers that are there for its tests and gone after them.
import { after, before } from 'node:test';

import { launchChromium, launchFirefox } from './browsers.mjs';
import { Server } from './server.mjs';

/** @param {{ firefox?: boolean, chromium?: Parameters<typeof launchChromium>[0] }} [wants] */
export function suite(wants = {}) {
  /** @type {{ server: Server, chromium: import('playwright-core').Browser, firefox: import('playwright-core').Browser | null, moderator: string }} */
  const world = /** @type {any} */ ({});
  before(async () => {
    world.server = await Server.start();
    [world.chromium, world.firefox] = await Promise.all([launchChromium(wants.chromium), wants.firefox ? launchFirefox() : null]);
    world.moderator = await world.server.token('moderator');
  });
  after(async () => {
    await Promise.all([world.chromium?.close(), world.firefox?.close()]);
    await world.server?.remove();
  });
  return world;
}
