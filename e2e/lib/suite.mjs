// What every file of tests needs: a server and browsers that are there for its tests and gone after them.
import { after, before } from 'node:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { launchChromium, launchFirefox } from './browsers.mjs';
import { drawHall } from './hall_picture.mjs';
import { Server } from './server.mjs';

// Chromium's fake camera shows a green disc; `hall` gives it a drawn hall instead.
/** @param {{ firefox?: boolean, hall?: boolean, chromium?: Parameters<typeof launchChromium>[0] }} [wants] */
export function suite(wants = {}) {
  /** @type {{ server: Server, chromium: import('playwright-core').Browser, firefox: import('playwright-core').Browser | null, moderator: string }} */
  const world = /** @type {any} */ ({});
  let folder = '';
  before(async () => {
    const chromiumWants = { ...wants.chromium };
    if (wants.hall) {
      folder = await mkdtemp(join(tmpdir(), 'bridgehall-camera-'));
      chromiumWants.camera = join(folder, 'hall.mjpeg');
      const artist = await launchChromium();
      await drawHall(artist, chromiumWants.camera);
      await artist.close();
    }
    world.server = await Server.start();
    // Where one does not start, the other is closed all the same: a browser left over would keep the test from ending.
    const launches = [launchChromium(chromiumWants).then((browser) => (world.chromium = browser))];
    if (wants.firefox) launches.push(launchFirefox().then((browser) => (world.firefox = browser)));
    await Promise.allSettled(launches);
    await Promise.all(launches);
    world.moderator = await world.server.token('moderator');
  });
  after(async () => {
    await Promise.all([world.chromium?.close(), world.firefox?.close()]);
    await world.server?.remove();
    if (folder) await rm(folder, { recursive: true });
  });
  return world;
}
