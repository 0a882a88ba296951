// Debian's own browsers, with fake cameras and microphones and without their talk in the background.
import { chromium, firefox } from 'playwright-core';

const quietFlags = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
  '--disable-gpu',
  '--no-sandbox',
];

/** @param {{ autoplay?: boolean, camera?: boolean | string }} [options] camera: false for none, or a file with its pictures */
export function launchChromium({ autoplay = true, camera = true } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      ...quietFlags,
      '--use-fake-ui-for-media-stream',
      `--use-fake-device-for-media-stream${camera === false ? '=device-count=0' : ''}`,
      ...(typeof camera === 'string' ? [`--use-file-for-fake-video-capture=${camera}`] : []),
      '--auto-select-desktop-capture-source=Entire screen',
      `--autoplay-policy=${autoplay ? 'no-user-gesture-required' : 'document-user-activation-required'}`,
    ],
  });
}

export function launchFirefox() {
  return firefox.launch({
    channel: 'moz-firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
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
