// Debian's own browsers, with fake cameras and microphones and without their talk in the background.
import { chromium, firefox } from 'playwright-core';

import { freePort } from './ports.mjs';

const quietFlags = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--disable-gpu',
  '--no-sandbox',
];

/**
 * @param {{ autoplay?: boolean, asks?: boolean, camera?: boolean | string, machine?: import('./namespaces.mjs').Machine }} [options]
 *   asks: for permissions, with nobody to answer; camera: false for none, or a file with its pictures; machine: where it runs, with certificates of all kinds accepted
 */
export async function launchChromium({ autoplay = true, asks = false, camera = true, machine } = {}) {
  const program = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return chromium.launch({
    executablePath: machine ? await machine.wrapper(program) : program,
    args: [
      ...quietFlags,
      ...(machine ? ['--ignore-certificate-errors'] : []),
      ...(asks ? [] : ['--use-fake-ui-for-media-stream']),
      `--use-fake-device-for-media-stream${camera === false ? '=device-count=0' : ''}`,
      ...(typeof camera === 'string' ? [`--use-file-for-fake-video-capture=${camera}`] : []),
      '--auto-select-desktop-capture-source=Entire screen',
      `--autoplay-policy=${autoplay ? 'no-user-gesture-required' : 'document-user-activation-required'}`,
    ],
  });
}

// It is driven through a port of its loopback, so that in a machine of a box this port leads out.
/** @param {import('./namespaces.mjs').Machine} machine @param {string} program */
async function wrapFirefox(machine, program) {
  const port = await freePort();
  await machine.forward(port, port);
  return machine.wrapper(program, [['--remote-debugging-port=0', `--remote-debugging-port=${port}`]]);
}

/** @param {{ machine?: import('./namespaces.mjs').Machine }} [options] */
export async function launchFirefox({ machine } = {}) {
  const program = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  return firefox.launch({
    channel: 'moz-firefox',
    executablePath: machine ? await wrapFirefox(machine, program) : program,
    firefoxUserPrefs: {
      'media.navigator.streams.fake': true,
      'media.navigator.permission.disabled': true,
      'media.autoplay.default': 0,
      'media.autoplay.blocking_policy': 0,
      'media.gmp-manager.updateEnabled': false,
      'media.gmp-provider.enabled': false,
      'app.update.enabled': false,
      'app.normandy.enabled': false,
      'toolkit.telemetry.enabled': false,
      'datareporting.healthreport.uploadEnabled': false,
      'browser.safebrowsing.update.enabled': false,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
      'extensions.update.enabled': false,
      'services.settings.server': 'data:,',
      'dom.push.connection.enabled': false,
    },
  });
}
