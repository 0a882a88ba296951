// A server and a site's browsers in a box, with a wall between them that a test builds and takes away: for the tests of a `describe`,
// and gone after them.
import { after, before } from 'node:test';

import { launchChromium, launchFirefox } from './browsers.mjs';
import { cross } from './crossing.mjs';
import { Network } from './namespaces.mjs';
import { freePort } from './ports.mjs';
import { Server } from './server.mjs';

/** @param {{ firefox?: boolean }} [wants] */
export function walled({ firefox = false } = {}) {
  /** @type {Network} */ let network;
  /** @type {{ home: import('./namespaces.mjs').Machine, server: Server, mediaPort: number, chromium: import('playwright-core').Browser, firefox: import('playwright-core').Browser | null }} */
  const world = /** @type {any} */ ({});
  before(async () => {
    network = await Network.make('server', 'site');
    const [home, away] = network.machines;
    world.home = home;
    // Not the page's port, to which there is a way beside the network: media must not take it.
    world.mediaPort = await freePort();
    world.server = await Server.start({ machine: home, flags: ['--media-port', String(world.mediaPort)] });
    await cross(away, home, world.server.port);
    const launches = [launchChromium({ machine: away }).then((browser) => (world.chromium = browser))];
    if (firefox) launches.push(launchFirefox({ machine: away }).then((browser) => (world.firefox = browser)));
    await Promise.allSettled(launches);
    await Promise.all(launches);
    await network.route('nft', 'add table inet wall');
    await network.route('nft', 'add chain inet wall through { type filter hook forward priority 0; }');
  });
  after(async () => {
    await Promise.all([world.chromium?.close(), world.firefox?.close()]);
    await world.server?.remove();
    await network?.remove();
  });
  return Object.assign(world, {
    /** The wall from now on; without a rule there is none. @param {string[]} rules each as nft has it */
    async wall(...rules) {
      await network.route('nft', 'flush chain inet wall through');
      for (const rule of rules) await network.route('nft', `add rule inet wall through ${rule}`);
    },
  });
}
