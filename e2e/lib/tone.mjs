// What a page that watches hears: not only that there is sound, but which.
import { until } from './until.mjs';

/** @param {import('playwright-core').Page} page an analyser of what its video element plays, kept for as long as the page is */
function makeAnalyser(page) {
  return page.evaluateHandle(async () => {
    const stream = document.querySelector('video')?.srcObject;
    if (!(stream instanceof MediaStream)) throw new Error('The page has no stream.');
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    context.createMediaStreamSource(stream).connect(analyser);
    return analyser;
  });
}

/** Waits until a tone is heard. @param {import('playwright-core').Page} page @param {string} who @param {number} hertz */
export async function hearsTone(page, who, hertz, options = {}) {
  await until(`${who} has a stream with sound`, () => page.evaluate(() => (document.querySelector('video')?.srcObject?.getAudioTracks().length ?? 0) > 0));
  const analyser = await makeAnalyser(page);
  return until(`${who} hears ${hertz} Hz`, async () => {
    const heard = await analyser.evaluate((node) => {
      const levels = new Float32Array(node.frequencyBinCount);
      node.getFloatFrequencyData(levels);
      const level = Math.max(...levels);
      return { frequency: Math.round((levels.indexOf(level) * node.context.sampleRate) / node.fftSize), level: Math.round(level) };
    });
    return heard.level > -60 && Math.abs(heard.frequency - hertz) < 15 && heard;
  }, options);
}
