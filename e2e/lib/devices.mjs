// Camera, microphone and screen of a participant, drawn and sounded by the page itself, so that everyone can be told from everyone
// else, in any browser: a colour of one's own behind a bar that moves, and a tone of one's own that comes in bursts as speech does.
// Also eyes and ears: what the page shows in each place, and which tones it hears.

/**
 * Runs in the page, before its own scripts.
 * @param {{ hue: number, hertz: number, slidesHue: number, width: number, height: number, framesPerSecond: number, speaking: boolean, tones: number[] }} person
 */
export function installDevices(person) {
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
  media.getUserMedia = async ({ video, audio }) => new MediaStream([...(audio ? [microphone()] : []), ...(video ? [pictureTrack()] : [])]);
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

  let ears;
  const listened = new WeakSet();
  function listen() {
    ears ??= (() => {
      const context = new AudioContext();
      void context.resume();
      const made = { context, analyser: new AnalyserNode(context, { fftSize: 4096, smoothingTimeConstant: 0 }), readings: [] };
      const levels = new Float32Array(made.analyser.frequencyBinCount);
      setInterval(() => {
        for (const { srcObject } of document.querySelectorAll('audio[data-use=voice]')) {
          if (!srcObject || listened.has(srcObject)) continue;
          listened.add(srcObject);
          context.createMediaStreamSource(srcObject).connect(made.analyser);
        }
        made.analyser.getFloatFrequencyData(levels);
        const heard = person.tones.filter((hertz) => {
          const bin = Math.round((hertz * made.analyser.fftSize) / context.sampleRate);
          return Math.max(levels[bin - 1], levels[bin], levels[bin + 1]) > -50;
        });
        made.readings.push({ at: performance.now(), heard });
        if (made.readings.length > kept) made.readings.shift();
      }, listenEveryMs);
      return made;
    })();
    return ears;
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
      heard: (since) => [...new Set(listen().readings.filter(({ at }) => at >= since).flatMap(({ heard }) => heard))],
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
