// People at the page: who sends and who watches, as the tests see them.
import { until } from './until.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('playwright-core').Browser} Browser */

const english = { locale: 'en-US', viewport: { width: 1280, height: 800 } };

/**
 * One summed-up reading of getStats.
 * @param {Page} page
 */
export function readStats(page) {
  return page.evaluate(async () => {
    const connection = window.bridgehall.peerConnection;
    const sums = { frames: 0, videoPackets: 0, audioPackets: 0, audioEnergy: 0, available: 0, width: 0, codec: '', remoteUfrag: '', localUfrag: '' };
    if (!connection) return sums;
    sums.localUfrag = /a=ice-ufrag:(\S+)/.exec(connection.currentLocalDescription?.sdp ?? '')?.[1] ?? '';
    sums.remoteUfrag = /a=ice-ufrag:(\S+)/.exec(connection.currentRemoteDescription?.sdp ?? '')?.[1] ?? '';
    const report = await connection.getStats();
    for (const stats of report.values()) {
      if (stats.type === 'candidate-pair' && stats.nominated) sums.available = Math.max(sums.available, stats.availableOutgoingBitrate ?? 0);
      if (stats.type !== 'inbound-rtp' && stats.type !== 'outbound-rtp') continue;
      const packets = (stats.packetsReceived ?? 0) + (stats.packetsSent ?? 0);
      if (stats.kind === 'audio') {
        sums.audioPackets += packets;
        sums.audioEnergy += stats.totalAudioEnergy ?? 0;
      } else {
        sums.videoPackets += packets;
        sums.frames += stats.framesDecoded ?? stats.framesEncoded ?? 0;
        sums.width = Math.max(sums.width, stats.frameWidth ?? 0);
        sums.codec ||= report.get(stats.codecId)?.mimeType ?? '';
      }
    }
    return sums;
  });
}

/** @param {Page} page */
export const stateOf = (page) => page.evaluate(() => window.bridgehall.state);
/** @param {Page} page */
export const sessionsOf = (page) => page.evaluate(() => window.bridgehall.sessions);
/** @param {Page} page the sentence that the page shows about how things stand */
export const wordsOf = (page) => page.locator('main [role=status]').first().innerText();

/** @param {Page} page a small copy of what the video element shows, as numbers; null when it shows nothing */
export function grab(page) {
  return page.evaluate(() => {
    const video = document.querySelector('video');
    if (!video?.videoWidth) return null;
    const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 36 });
    const context = canvas.getContext('2d');
    context.drawImage(video, 0, 0, 64, 36);
    return [...context.getImageData(0, 0, 64, 36).data];
  });
}

/**
 * @param {Browser} browser
 * @param {string} link
 * @param {import('playwright-core').BrowserContextOptions} [options]
 */
export async function open(browser, link, options = {}) {
  const context = await browser.newContext({ ...english, ...options });
  const page = await context.newPage();
  await page.goto(link);
  return page;
}

/** @param {Page} page */
export async function startSending(page, options = {}) {
  await page.getByRole('button', { name: 'Start sending' }).click();
  await until('the publisher is connected', async () => (await stateOf(page)) === 'connected', options);
  await until('the publisher sends pictures', async () => (await readStats(page)).frames > 0, options);
}

/** Publishes through the page, at a size that two cores encode without effort. */
export async function publish(browser, server, token, fields = {}, options = {}) {
  const page = await open(browser, server.link({ as: 'publish', name: 'hall', quality: '360', token, ...fields }));
  await startSending(page, options);
  return page;
}

export const watch = (browser, server, token, fields = {}) => open(browser, server.link({ as: 'watch', name: 'hall', token, ...fields }));

/** @param {Page} page waits until pictures that change are decoded, from now on */
export async function seesMotion(page, who, options = {}) {
  const before = (await readStats(page)).frames;
  await until(`${who} decodes pictures`, async () => {
    const { frames } = await readStats(page);
    return frames < before ? frames > 5 : frames > before + 5; // a new session counts from zero
  }, options);
  const first = await until(`${who} shows a picture`, () => grab(page));
  return until(`${who} shows motion`, async () => {
    const next = await grab(page);
    return next?.some((value, index) => Math.abs(value - first[index]) > 40);
  });
}

/** @param {Page} page */
export function hears(page, who, options = {}) {
  return until(`${who} hears sound`, async () => (await readStats(page)).audioEnergy > 0, options);
}
