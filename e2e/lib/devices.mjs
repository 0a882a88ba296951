// Camera, microphone and screen of a participant, drawn and sounded by the page itself, so that everyone can be told from everyone
// else, in any browser: a colour of one's own behind a bar that moves, and a tone of one's own that comes in bursts as speech does.
// Also eyes and ears: what the page shows in each place, and which tones it hears.

/**
 * Runs in the page, before its own scripts.
 * @param {{ hue: number, hertz: number, slidesHue: number, width: number, height: number, framesPerSecond: number, speaking: boolean, tones: number[], ownMicrophone: boolean }} person
 *   ownMicrophone: false takes the browser's own, where the page cannot make sound
 */
export function installDevices(person) {
  if (!navigator.mediaDevices) return; // about:blank
  const burst = { onMs: 700, offMs: 150 };
  const listenEveryMs = 90;
  const kept = 400; // readings: 36 s

  function drawing(hue, width, height) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const draw = canvas.getContext('2d', { alpha: false });
    let turn = 0;
    const paint = () => {
      turn = (turn + 0.037) % 1;
      draw.fillStyle = `hsl(${hue} 85% 45%)`;
      draw.fillRect(0, 0, width, height);
      draw.fillStyle = '#ffffff';
      draw.fillRect(turn * width * 0.9, 0, width * 0.1, height);
    };
    paint();
    setInterval(paint, 1000 / person.framesPerSecond);
    return canvas;
  }

  let sound; // made at the first need: pages that only watch have none
  function microphone() {
    if (!sound) {
      const context = new AudioContext();
      const tone = new OscillatorNode(context, { frequency: person.hertz });
      const gain = new GainNode(context, { gain: 0 });
      const destination = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      tone.connect(gain).connect(destination);
      tone.start();
      sound = { context, gain, track: destination.stream.getAudioTracks()[0], speaking: person.speaking };
      const beat = (on) => {
        gain.gain.setTargetAtTime(on && sound.speaking ? 0.5 : 0, context.currentTime, 0.01);
        setTimeout(beat, on ? burst.onMs : burst.offMs, !on);
      };
      beat(true);
      void context.resume();
    }
    return sound.track.clone();
  }

  let camera;
  const pictureTrack = () => {
    camera ??= drawing(person.hue, person.width, person.height);
    return camera.captureStream(person.framesPerSecond).getVideoTracks()[0];
  };
  const media = navigator.mediaDevices;
  const browsers = media.getUserMedia.bind(media);
  const soundTrack = async () => (person.ownMicrophone ? microphone() : (await browsers({ audio: true })).getAudioTracks()[0]);
  media.getUserMedia = async ({ video, audio }) => new MediaStream([...(audio ? [await soundTrack()] : []), ...(video ? [pictureTrack()] : [])]);
  media.getDisplayMedia = async () => drawing(person.slidesHue, 1280, 720).captureStream(person.framesPerSecond);

  // Hue of the most coloured pixels, and a small grey copy to see motion by.
  const glass = Object.assign(document.createElement('canvas'), { width: 32, height: 18 });
  function look(video) {
    if (!video?.videoWidth || video.readyState < 2 || video.classList.contains('hidden')) return { hue: null, grey: null, width: 0 };
    const draw = glass.getContext('2d', { willReadFrequently: true });
    draw.drawImage(video, 0, 0, 32, 18);
    const { data } = draw.getImageData(0, 0, 32, 18);
    const grey = [];
    let [x, y, coloured] = [0, 0, 0];
    for (let at = 0; at < data.length; at += 4) {
      const [red, green, blue] = [data[at], data[at + 1], data[at + 2]];
      grey.push(Math.round((red + green + blue) / 3));
      const most = Math.max(red, green, blue);
      const chroma = most - Math.min(red, green, blue);
      if (chroma < 60) continue;
      const sector = most === red ? ((green - blue) / chroma + 6) % 6 : most === green ? (blue - red) / chroma + 2 : (red - green) / chroma + 4;
      x += Math.cos((sector * Math.PI) / 3);
      y += Math.sin((sector * Math.PI) / 3);
      coloured += 1;
    }
    return { hue: coloured > 100 ? (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360 : null, grey, width: video.videoWidth };
  }

  const readings = [];
  // A tone that is cut off within a reading (a burst ends, a loss is mended) spreads over its neighbours, up to some 15 dB below it, but
  // without peaks of their own: half-way to the next tone it is louder still. So a tone is heard where it stands out from both its sides.
  const neighbourDecibels = 20;
  const halfWayHertz = 48;
  const peakDecibels = 6;
  const note = (at, levelOf, least) => {
    const levels = person.tones.map(levelOf);
    const enough = Math.max(least, Math.max(...levels) - neighbourDecibels);
    const standsOut = (hertz, level) => level >= peakDecibels + Math.max(levelOf(hertz - halfWayHertz), levelOf(hertz + halfWayHertz));
    readings.push({ at, heard: person.tones.filter((hertz, index) => levels[index] >= enough && standsOut(hertz, levels[index])) });
    if (readings.length > kept) readings.shift();
  };
  const streams = () => [...document.querySelectorAll('audio[data-use=voice]')].map(({ srcObject }) => srcObject).filter(Boolean);

  function listenByAnalyser() {
    const context = new AudioContext();
    void context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 });
    const levels = new Float32Array(analyser.frequencyBinCount);
    const listened = new WeakSet();
    setInterval(() => {
      for (const stream of streams()) {
        if (listened.has(stream)) continue;
        listened.add(stream);
        context.createMediaStreamSource(stream).connect(analyser);
      }
      analyser.getFloatFrequencyData(levels);
      const levelOf = (hertz) => {
        const bin = Math.round((hertz * analyser.fftSize) / context.sampleRate);
        return Math.max(levels[bin - 1], levels[bin], levels[bin + 1]);
      };
      note(performance.now(), levelOf, -50);
    }, listenEveryMs);
  }

  // Firefox does not start an AudioContext on a machine without a sound card: what is heard is recorded and looked through.
  async function listenByRecorder(stream) {
    const chunks = [];
    const recorder = new MediaRecorder(stream);
    const stopped = new Promise((done) => (recorder.onstop = done));
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    const at = performance.now();
    recorder.start();
    setTimeout(() => recorder.stop(), 500);
    await stopped;
    const decoder = new OfflineAudioContext(1, 1, 48_000);
    const sound = (await decoder.decodeAudioData(await new Blob(chunks).arrayBuffer())).getChannelData(0);
    const levelOf = (hertz) => {
      let loudest = -Infinity;
      const step = 4_800;
      for (let from = 0; from + step <= sound.length; from += step) {
        let [x, y] = [0, 0];
        for (let index = 0; index < step; index += 1) {
          const angle = (2 * Math.PI * hertz * index) / 48_000;
          x += sound[from + index] * Math.cos(angle);
          y += sound[from + index] * Math.sin(angle);
        }
        loudest = Math.max(loudest, 20 * Math.log10((2 * Math.hypot(x, y)) / step));
      }
      return loudest;
    };
    note(at, levelOf, -36);
  }
  async function keepRecording() {
    for (;;) await Promise.all([...streams().map((stream) => listenByRecorder(stream).catch(() => undefined)), new Promise((done) => setTimeout(done, 100))]);
  }

  let listening = false;
  function listen() {
    if (listening) return;
    listening = true;
    if (person.ownMicrophone) listenByAnalyser();
    else void keepRecording();
  }

  Object.defineProperty(window, 'testing', {
    value: {
      speak: (on) => {
        if (!sound) return void (person.speaking = on);
        sound.speaking = on;
        sound.gain.gain.setTargetAtTime(on ? 0.5 : 0, sound.context.currentTime, 0.01);
      },
      /** Every place of the page, as it looks at this moment. */
      places: () =>
        [...document.querySelectorAll('figure[data-use]')].map((figure) => ({ ...figure.dataset, words: figure.querySelector('.words')?.textContent.trim() ?? '', ...look(figure.querySelector('video')) })),
      /** The tones heard since then. @param {number} since */
      heard: (since) => [...new Set(readings.filter(({ at }) => at >= since).flatMap(({ heard }) => heard))],
      now: () => (listen(), performance.now()),
      /** What getStats says of the track that a place plays. @param {string} selector */
      statistics: async (selector) => {
        const track = document.querySelector(selector)?.srcObject?.getTracks()[0]?.id;
        const report = await window.bridgehall.peerConnection?.getStats();
        for (const stats of report?.values() ?? []) if (stats.type === 'inbound-rtp' && stats.trackIdentifier === track) return stats;
        return null;
      },
      hide: (hidden) => {
        Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
        Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (hidden ? 'hidden' : 'visible') });
        document.dispatchEvent(new Event('visibilitychange'));
      },
    },
  });
}
