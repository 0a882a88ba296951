// One WHEP session with several publications: a page of its own making, not ours, shows each in an element of its own.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { open } from '../lib/pages.mjs';
import { suite } from '../lib/suite.mjs';
import { until } from '../lib/until.mjs';

const colors = { red: [220, 20, 20], blue: [20, 20, 220] };

describe('one session with several publications', () => {
  const world = suite();
  let viewer;
  let red;

  // Any page of the server will do: what it needs is the origin.
  const ownPage = () => open(world.chromium, `${world.server.origin}/healthz`);

  /** Paints and hums, and publishes that under the colour's name. */
  async function publish(name) {
    const page = await ownPage();
    await page.evaluate(
      async ({ name, color, token }) => {
        const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 });
        const context = canvas.getContext('2d');
        let drawn = 0;
        setInterval(() => {
          context.fillStyle = `rgb(${color})`;
          context.fillRect(0, 0, 320, 180);
          context.fillStyle = 'white';
          context.fillRect((drawn++ * 4) % 320, 0, 4, 20);
        }, 50);
        const audio = new AudioContext();
        const hum = audio.createOscillator();
        const sound = audio.createMediaStreamDestination();
        hum.connect(sound);
        hum.start();
        window.connection = new RTCPeerConnection();
        for (const track of [...sound.stream.getTracks(), ...canvas.captureStream(20).getTracks()]) connection.addTransceiver(track, { direction: 'sendonly' });
        await connection.setLocalDescription();
        const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp' };
        const response = await fetch(`/whip/demo/${name}`, { method: 'POST', headers, body: connection.localDescription.sdp });
        await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      },
      { name, color: colors[name], token: world.moderator },
    );
    await until(`${name} is sent`, () => page.evaluate(() => connection.connectionState === 'connected'));
    return page;
  }

  /** By publication: the colour in the middle, and how much of it was decoded and heard. */
  const seen = () =>
    viewer.evaluate(async () => {
      const result = {};
      for (const video of document.querySelectorAll('video')) {
        const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 });
        const context = canvas.getContext('2d');
        context.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
        result[video.id] = { color: [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)] };
      }
      for (const { receiver } of connection.getTransceivers()) {
        const name = tracks.get(receiver.track.id);
        for (const stats of (await receiver.getStats()).values())
          if (stats.type === 'inbound-rtp' && name) Object.assign(result[name], stats.kind === 'audio' ? { heard: stats.totalAudioEnergy } : { frames: stats.framesDecoded });
      }
      return result;
    });
  const isColor = (found, wanted) => found?.every((value, index) => Math.abs(value - wanted[index]) < 60);

  it('shows and sounds each of them on the lines of its place', async (t) => {
    red = await publish('red');
    await publish('blue');
    viewer = await ownPage();
    const answered = await viewer.evaluate(async (token) => {
      window.connection = new RTCPeerConnection();
      window.tracks = new Map(); // id to the publication's name
      connection.ontrack = ({ track, streams: [stream] }) => {
        tracks.set(track.id, stream.id);
        if (track.kind === 'audio') return Object.assign(new Audio(), { srcObject: stream }).play();
        const video = document.body.appendChild(Object.assign(document.createElement('video'), { id: stream.id, muted: true, srcObject: new MediaStream([track]) }));
        return video.play();
      };
      for (const kind of ['audio', 'audio', 'audio', 'video', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
      await connection.setLocalDescription();
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/sdp' };
      const response = await fetch('/whep/demo/blue,red', { method: 'POST', headers, body: connection.localDescription.sdp });
      await connection.setRemoteDescription({ type: 'answer', sdp: await response.text() });
      const lines = connection.getTransceivers().map(({ mid, receiver }) => `${mid} ${tracks.get(receiver.track.id)}`);
      return { location: response.headers.get('Location'), lines };
    }, await world.server.token('viewer'));
    assert.match(answered.location, /^\/whep\/demo\/blue,red\/[0-9a-f]{32}$/);
    assert.deepEqual(answered.lines, ['0 blue', '1 red', '3 blue', '4 red'], 'the third line for sound is rejected');
    await until('both colours are shown where they belong', async () => {
      const shown = await seen();
      return Object.keys(colors).every((name) => isColor(shown[name]?.color, colors[name]) && shown[name].heard > 0);
    }, { note: (line) => t.diagnostic(line) });
    const transports = await viewer.evaluate(async () => [...(await connection.getStats()).values()].filter(({ type }) => type === 'transport').length);
    assert.equal(transports, 1);
  });

  it('outlives one of them, and shows it again when it comes back', async (t) => {
    await red.context().close();
    await until('red has stopped and blue goes on', async () => {
      const before = await seen();
      await until('blue shows more', async () => (await seen()).blue.frames > before.blue.frames + 20);
      return (await seen()).red.frames === before.red.frames;
    }, { note: (line) => t.diagnostic(line) });
    const { frames } = (await seen()).red;
    await publish('red');
    await until('red is shown again', async () => {
      const shown = await seen();
      return shown.red.frames > frames + 5 && isColor(shown.red.color, colors.red);
    }, { note: (line) => t.diagnostic(line) });
  });

  it('is refused by name where one of them is not there', async () => {
    const headers = { 'Content-Type': 'application/sdp' };
    const response = await world.server.api('/whep/demo/blue,green', await world.server.token('viewer'), { method: 'POST', headers, body: 'v=0\r\n' });
    assert.equal(response.status, 409);
    assert.equal(response.headers.get('Retry-After'), '2');
    assert.match((await response.json()).detail, /publishing as green now/);
  });
});
