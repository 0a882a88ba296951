// A mixing desk's two channels arrive as two, where the sender announces them and the listener takes them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { open } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

/** In the page: one connection for sound, with words added to what its offer says of Opus. @returns its SDP answer */
async function connect({ path, token, says, sends }) {
  const connection = new RTCPeerConnection();
  const context = new AudioContext();
  if (sends) {
    // A tone on the left, nothing on the right.
    const tone = new OscillatorNode(context, { frequency: 600 });
    const both = new ChannelMergerNode(context, { numberOfInputs: 2 });
    const desk = new MediaStreamAudioDestinationNode(context, { channelCount: 2, channelCountMode: 'explicit' });
    tone.connect(both, 0, 0);
    both.connect(desk);
    tone.start();
    connection.addTransceiver(desk.stream.getAudioTracks()[0], { direction: 'sendonly' });
  } else {
    connection.addTransceiver('audio', { direction: 'recvonly' });
    connection.ontrack = ({ track }) => {
      const stream = new MediaStream([track]);
      document.body.append(Object.assign(document.createElement('audio'), { srcObject: stream, autoplay: true, muted: true })); // without it Chromium gives the graph nothing
      const sides = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
      new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(sides);
      const meters = [0, 1].map((side) => {
        const meter = new AnalyserNode(context, { fftSize: 8192 });
        sides.connect(meter, side);
        return meter;
      });
      window.loudness = () =>
        meters.map((meter) => {
          const samples = new Float32Array(meter.fftSize);
          meter.getFloatTimeDomainData(samples);
          return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
        });
    };
  }
  const offer = await connection.createOffer();
  await connection.setLocalDescription({ type: 'offer', sdp: offer.sdp.replace(/(a=fmtp:\d+ [^\r]*useinbandfec=1)/g, `$1${says}`) });
  const answered = await fetch(path, { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp' }, body: connection.localDescription.sdp });
  const sdp = await answered.text();
  if (answered.status !== 201) throw new Error(sdp);
  await connection.setRemoteDescription({ type: 'answer', sdp });
  window.connection = connection; // else it is collected
  return sdp;
}

describe('a site with a mixing desk', () => {
  const world = suite();

  /** How many times louder the left is than the right, as it is heard from the stage. */
  async function heard(sender, listener, t) {
    const [desk, ear] = await Promise.all([0, 1].map(() => open(world.chromium, `${world.server.origin}/`)));
    const token = world.moderator;
    const answer = await desk.evaluate(connect, { path: '/whip/demo/hall', token, says: sender, sends: true });
    await ear.evaluate(connect, { path: '/whep/demo', token, says: listener, sends: false });
    const [left, right] = await until('the tone is heard', async () => {
      const sides = await ear.evaluate(() => window.loudness?.());
      return sides?.[0] > 0.05 && sides;
    });
    t.diagnostic(`left ${left.toFixed(3)}, right ${right.toFixed(3)}`);
    await Promise.all([desk.context().close(), ear.context().close()]);
    return { answer, ratio: left / Math.max(right, 1e-6) };
  }

  it('is heard on two channels', async (t) => {
    const { answer, ratio } = await heard(';stereo=1;sprop-stereo=1', ';stereo=1', t);
    assert.match(answer, /;stereo=1;maxaveragebitrate=96000/);
    assert.ok(ratio > 10, `left is ${ratio} times as loud as right`);
  });

  it('is heard on one where it does not announce two, or the listener takes one', async (t) => {
    const unannounced = await heard('', ';stereo=1', t);
    assert.doesNotMatch(unannounced.answer, /stereo/);
    assert.ok(Math.abs(unannounced.ratio - 1) < 0.2, `left is ${unannounced.ratio} times as loud as right`);
    const { ratio } = await heard(';stereo=1;sprop-stereo=1', '', t);
    assert.ok(Math.abs(ratio - 1) < 0.2, `left is ${ratio} times as loud as right`);
  });
});
