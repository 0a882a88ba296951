// Makes src/load/recording/participant.bhr, the media that `bridgehall load conference` replays: Debian's Chromium
// encodes a drawn hall as VP8 simulcast (three sizes, L1T3) and a spoken text as Opus, in its own time, so that a busy
// machine makes the same file. src/load/recording.h describes the format.
//
//   apt-get install espeak-ng   (the voice; nothing else needs it)
//   node e2e/record_media.mjs src/load/recording/participant.bhr
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { launchChromium } from './lib/browsers.mjs';
import { drawHall } from './lib/hall_picture.mjs';

const run = promisify(execFile);

const framesPerSecond = 30;
const frameCount = 240;
const keyframeEvery = 60;
const layers = [
  { width: 320, height: 180, bitrate: 120_000 },
  { width: 640, height: 360, bitrate: 400_000 },
  { width: 1280, height: 720, bitrate: 1_200_000 },
];
const speechBitrate = 32_000;
const roomBitrate = 16_000;
const roomSeconds = 2;
const text = [
  'Good morning. This is the site of the province; we hear you well and we see the hall.',
  'Thirty two delegates have signed in, and four are still on their way.',
  'We ask for the floor on the second item of the programme.',
];

/** The drawn hall's pictures, cut out of the Motion-JPEG file. */
async function drawPictures(browser, folder) {
  const file = join(folder, 'hall.mjpeg');
  await drawHall(browser, file);
  const bytes = await readFile(file);
  const pictures = [];
  for (let begin = 0; begin < bytes.length; ) {
    const end = bytes.indexOf(Buffer.from([0xff, 0xd9, 0xff, 0xd8]), begin);
    pictures.push(bytes.subarray(begin, end < 0 ? bytes.length : end + 2).toString('base64'));
    begin = end < 0 ? bytes.length : end + 2;
  }
  return pictures;
}

async function speak(folder) {
  const clips = [];
  for (const [index, sentence] of text.entries()) {
    const file = join(folder, `speech-${index}.wav`);
    await run('espeak-ng', ['-v', 'en-gb', '-s', '150', '-p', String(45 + index * 3), '-w', file, sentence]);
    clips.push((await readFile(file)).toString('base64'));
  }
  return clips;
}

/** Runs in the page. Each layer's frames as Chromium made them: {data, keyframe, layer}. */
async function encodePictures({ pictures, layers, frameCount, framesPerSecond, keyframeEvery }) {
  const bytesOf = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const images = await Promise.all(pictures.map((p) => createImageBitmap(new Blob([bytesOf(p)], { type: 'image/jpeg' }))));
  const [width, height] = [images[0].width, images[0].height];
  const canvas = new OffscreenCanvas(width, height);
  const draw = canvas.getContext('2d', { willReadFrequently: true });

  // A camera's grain, without which an encoder has nothing to do between two frames that are alike.
  const grains = [];
  for (let i = 0; i < 8; i += 1) {
    const data = new ImageData(width / 2, height / 2);
    for (let p = 0; p < data.data.length; p += 4) {
      const value = Math.random() * 255;
      data.data.set([value, value, value, 255], p);
    }
    grains.push(await createImageBitmap(data));
  }
  const paint = (index) => {
    draw.globalAlpha = 1;
    draw.drawImage(images[index % images.length], 0, 0);
    draw.globalAlpha = 0.035;
    draw.drawImage(grains[(index * 5) % grains.length], 0, 0, width, height);
    draw.globalAlpha = 1;
    draw.fillStyle = '#0b161b';
    draw.fillRect(40, 40, 190, 74);
    draw.fillStyle = '#ffffff';
    draw.font = '600 52px monospace';
    draw.fillText((index / framesPerSecond).toFixed(2), 60, 94);
  };

  const encoders = layers.map((layer) => {
    const made = [];
    const scaled = new OffscreenCanvas(layer.width, layer.height);
    const onto = scaled.getContext('2d');
    const encoder = new VideoEncoder({
      output: (chunk, metadata) => {
        const data = new Uint8Array(chunk.byteLength);
        chunk.copyTo(data);
        made.push({ data, keyframe: chunk.type === 'key', temporal: metadata.svc?.temporalLayerId ?? 0 });
      },
      error: (error) => {
        throw error;
      },
    });
    encoder.configure({ codec: 'vp8', ...layer, framerate: framesPerSecond, scalabilityMode: 'L1T3', latencyMode: 'realtime' });
    return { encoder, made, scaled, onto, layer };
  });
  for (let index = 0; index < frameCount; index += 1) {
    paint(index);
    for (const { encoder, scaled, onto, layer } of encoders) {
      onto.imageSmoothingQuality = 'high';
      onto.drawImage(canvas, 0, 0, layer.width, layer.height);
      const frame = new VideoFrame(scaled, { timestamp: (index * 1e6) / framesPerSecond });
      encoder.encode(frame, { keyFrame: index % keyframeEvery === 0 });
      frame.close();
    }
    while (encoders.some(({ encoder }) => encoder.encodeQueueSize > 4)) await new Promise((done) => setTimeout(done, 5));
  }
  for (const { encoder } of encoders) await encoder.flush();

  // What the pictures look like when only some of the frames are decoded, by index.
  const decode = async (layer, made, indices) => {
    const seen = new Map();
    const pending = [];
    const decoder = new VideoDecoder({
      output: (frame) => {
        const index = Math.round((frame.timestamp * framesPerSecond) / 1e6);
        const buffer = new Uint8Array(frame.allocationSize());
        pending.push(
          frame
            .copyTo(buffer)
            .then(() => crypto.subtle.digest('SHA-1', buffer))
            .then((digest) => {
              seen.set(index, new Uint8Array(digest).join());
              frame.close();
            }),
        );
      },
      error: (error) => {
        throw error;
      },
    });
    decoder.configure({ codec: 'vp8', codedWidth: layer.width, codedHeight: layer.height, optimizeForLatency: true });
    for (const index of indices) {
      const { data, keyframe } = made[index];
      decoder.decode(new EncodedVideoChunk({ type: keyframe ? 'key' : 'delta', timestamp: (index * 1e6) / framesPerSecond, data }));
      while (decoder.decodeQueueSize > 4) await new Promise((done) => setTimeout(done, 1));
    }
    await decoder.flush();
    await Promise.all(pending);
    decoder.close();
    return seen;
  };
  // A frame is a switch point (VP8's Y) when it decodes to the same picture from the base layer alone, and discardable
  // (N) when all that follows does without it.
  const all = [...Array(frameCount).keys()];
  const marked = [];
  for (const { layer, made } of encoders) {
    if (made.length !== frameCount) throw new Error(`${made.length} of ${frameCount} frames at ${layer.width}`);
    const whole = await decode(layer, made, all);
    const lower = await decode(layer, made, all.filter((index) => made[index].temporal < 2));
    for (const [index, picture] of lower) if (whole.get(index) !== picture) throw new Error(`frame ${index} needs a frame of the third layer`);
    for (const index of all) made[index].discardable = made[index].temporal === 2;
    // The frames of one place in the pattern of four are alike, so two groups of pictures tell.
    for (let place = 1; place < 4; place += 1) {
      let sync = true;
      for (let index = place; index < keyframeEvery; index += 4) {
        const some = all.filter((i) => i <= index && (made[i].temporal === 0 || i === index));
        sync &&= (await decode(layer, made, some)).get(index) === whole.get(index);
      }
      for (let index = place; index < frameCount; index += 4) made[index].sync = sync;
    }
    marked.push(made.map(({ data, ...rest }) => ({ ...rest, data: btoa(Array.from(data, (b) => String.fromCharCode(b)).join('')) })));
  }
  return marked;
}

/** Runs in the page. Opus frames of 20 ms with their RFC 6464 level: {data, level, voice}. */
async function encodeSound({ clips, bitrate, seconds }) {
  const rate = 48_000;
  const context = new OfflineAudioContext(1, rate, rate);
  const pause = rate * 0.9;
  const parts = [];
  for (const clip of clips) {
    const bytes = Uint8Array.from(atob(clip), (c) => c.charCodeAt(0));
    const decoded = (await context.decodeAudioData(bytes.buffer)).getChannelData(0);
    parts.push(decoded, new Float32Array(pause));
  }
  if (clips.length === 0) parts.push(new Float32Array(seconds * rate));
  const length = Math.floor(parts.reduce((sum, part) => sum + part.length, 0) / 960) * 960;
  const samples = new Float32Array(length);
  let at = 0;
  for (const part of parts) {
    samples.set(part.subarray(0, Math.max(0, length - at)), at);
    at += part.length;
  }
  // A room is never silent: noise at about -65 dB.
  for (let i = 0; i < length; i += 1) samples[i] += (Math.random() - 0.5) * 0.002;

  const made = [];
  const encoder = new AudioEncoder({
    output: (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      made.push({ data: btoa(String.fromCharCode(...data)), duration: chunk.duration });
    },
    error: (error) => {
      throw error;
    },
  });
  encoder.configure({ codec: 'opus', sampleRate: rate, numberOfChannels: 1, bitrate, opus: { application: 'voip', signal: 'voice', useinbandfec: true, packetlossperc: 5, frameDuration: 20_000 } });
  const levels = [];
  for (let begin = 0; begin < length; begin += 960) {
    const frame = samples.slice(begin, begin + 960);
    const power = frame.reduce((sum, value) => sum + value * value, 0) / 960;
    const level = Math.min(127, Math.max(0, Math.round(-10 * Math.log10(power + 1e-13))));
    levels.push({ level, voice: level < 50 });
    const data = new AudioData({ format: 'f32-planar', sampleRate: rate, numberOfChannels: 1, numberOfFrames: 960, timestamp: (begin * 1e6) / rate, data: frame });
    encoder.encode(data);
    data.close();
  }
  await encoder.flush();
  return levels.map((heard, index) => ({ ...heard, data: made[index].data }));
}

const kinds = { opus: 0, vp8: 1 };

/** One track as src/load/recording.h has it. */
function pack({ kind, use, clockRate, width = 0, height = 0, frameDuration, frames }) {
  const head = Buffer.alloc(20);
  head.writeUInt8(kinds[kind], 0);
  head.writeUInt8(use, 1);
  head.writeUInt16BE(width, 2);
  head.writeUInt16BE(height, 4);
  head.writeUInt16BE(frames.length, 6);
  head.writeUInt32BE(clockRate, 8);
  head.writeUInt32BE(frameDuration, 12);
  const bodies = frames.flatMap((frame) => {
    const data = Buffer.from(frame.data, 'base64');
    const mark = Buffer.alloc(5);
    const flags = kind === 'opus' ? Number(frame.voice) << 7 | frame.level : Number(frame.keyframe) << 7 | Number(frame.sync ?? false) << 6 | Number(frame.discardable) << 5 | frame.temporal;
    mark.writeUInt8(flags, 0);
    mark.writeUInt32BE(data.length, 1);
    return [mark, data];
  });
  head.writeUInt32BE(bodies.reduce((sum, part) => sum + part.length, 0), 16);
  return Buffer.concat([head, ...bodies]);
}

const output = process.argv[2];
assert.ok(output, 'Say where to write to.');
const folder = await mkdtemp(join(tmpdir(), 'bridgehall-recording-'));
const browser = await launchChromium();
try {
  const pictures = await drawPictures(browser, folder);
  const clips = await speak(folder);
  const page = await browser.newPage();
  // WebCodecs wants a secure context; nobody listens there.
  await page.route('http://localhost/', (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }));
  await page.goto('http://localhost/');
  page.on('pageerror', (error) => console.error(error.message));
  const encoded = await page.evaluate(encodePictures, { pictures, layers, frameCount, framesPerSecond, keyframeEvery });
  const speech = await page.evaluate(encodeSound, { clips, bitrate: speechBitrate, seconds: 0 });
  const room = await page.evaluate(encodeSound, { clips: [], bitrate: roomBitrate, seconds: roomSeconds });

  const tracks = [
    ...encoded.map((frames, index) => ({ kind: 'vp8', use: index, clockRate: 90_000, frameDuration: 90_000 / framesPerSecond, ...layers[index], frames })),
    { kind: 'opus', use: 0, clockRate: 48_000, frameDuration: 960, frames: speech },
    { kind: 'opus', use: 1, clockRate: 48_000, frameDuration: 960, frames: room },
  ];
  for (const { kind, frames, width, clockRate, frameDuration } of tracks) {
    const bytes = frames.reduce((sum, { data }) => sum + Buffer.from(data, 'base64').length, 0);
    const seconds = (frames.length * frameDuration) / clockRate;
    console.log(kind, width ?? '', `${frames.length} frames, ${seconds.toFixed(2)} s, ${Math.round((bytes * 8) / seconds / 1000)} kb/s,`,
      kind === 'vp8' ? frames.slice(0, 9).map((f) => `${f.keyframe ? 'K' : ''}${f.temporal}${f.sync ? 'y' : ''}`).join(' ') : `levels ${frames.slice(0, 400).filter((_, i) => i % 20 === 0).map((f) => f.level).join(' ')}`);
  }
  const head = Buffer.concat([Buffer.from('BHRECORD'), Buffer.from([1, tracks.length])]);
  await writeFile(output, Buffer.concat([head, ...tracks.map(pack)]));
} finally {
  await browser.close();
  await rm(folder, { recursive: true });
}
