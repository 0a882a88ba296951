// Devices that can be plugged in and out: cameras of one colour each, microphones of one tone each, loudspeakers that only have a name.

/** @typedef {{ kind: 'videoinput' | 'audioinput' | 'audiooutput', id: string, label: string, hue?: number, hertz?: number, busy?: boolean, in?: boolean }} Plug in: false when it is not plugged in at first */

/** Runs in the page after installDevices: `window.plugs` plugs in and out. @param {Plug[]} all */
export function installPlugs(all) {
  const media = navigator.mediaDevices;
  if (!media) return; // about:blank
  const plugged = new Set(all.filter(({ in: from }) => from !== false).map(({ id }) => id));
  /** @type {Map<string, Set<MediaStreamTrack>>} */
  const open = new Map(all.map(({ id }) => [id, new Set()]));

  function picture({ hue = 0 }) {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const draw = canvas.getContext('2d', { alpha: false });
    let turn = 0;
    setInterval(() => {
      turn = (turn + 0.037) % 1;
      draw.fillStyle = `hsl(${hue} 85% 45%)`;
      draw.fillRect(0, 0, 640, 360);
      draw.fillStyle = '#ffffff';
      draw.fillRect(turn * 576, 0, 64, 360);
    }, 66);
    return canvas.captureStream(15).getVideoTracks()[0];
  }
  function sound({ hertz = 440 }) {
    const context = new AudioContext();
    const destination = new MediaStreamAudioDestinationNode(context);
    const tone = new OscillatorNode(context, { frequency: hertz });
    tone.connect(new GainNode(context, { gain: 0.5 })).connect(destination);
    tone.start();
    void context.resume();
    return destination.stream.getAudioTracks()[0];
  }

  function take(kind, wish) {
    const { exact, ideal } = wish.deviceId ?? {};
    const there = all.filter((plug) => plug.kind === kind && plugged.has(plug.id));
    const plug = there.find(({ id }) => id === (exact ?? ideal)) ?? (exact ? null : there[0]);
    if (!plug) throw new DOMException('Requested device not found', exact ? 'OverconstrainedError' : 'NotFoundError');
    if (plug.busy) throw new DOMException('Could not start source', 'NotReadableError');
    const track = kind === 'videoinput' ? picture(plug) : sound(plug);
    const settings = track.getSettings();
    const { echoCancellation, noiseSuppression, autoGainControl, channelCount } = wish;
    const processed = kind === 'audioinput' ? { echoCancellation, noiseSuppression, autoGainControl, channelCount: channelCount?.ideal ?? 1 } : {};
    track.getSettings = () => ({ ...settings, deviceId: plug.id, ...processed });
    Object.defineProperty(track, 'label', { value: plug.label });
    open.get(plug.id).add(track);
    return track;
  }
  media.getUserMedia = async ({ video, audio }) => new MediaStream([...(video ? [take('videoinput', video === true ? {} : video)] : []), ...(audio ? [take('audioinput', audio === true ? {} : audio)] : [])]);
  media.enumerateDevices = async () => all.filter(({ id }) => plugged.has(id)).map(({ kind, id, label }) => ({ kind, deviceId: id, label, groupId: id }));

  Object.defineProperty(window, 'plugs', {
    value: {
      in: (id) => (plugged.add(id), media.dispatchEvent(new Event('devicechange'))),
      out: (id) => {
        plugged.delete(id);
        for (const track of open.get(id)) {
          if (track.readyState === 'ended') continue;
          track.stop();
          track.dispatchEvent(new Event('ended'));
        }
        media.dispatchEvent(new Event('devicechange'));
      },
      busy: (id, busy) => Object.assign(all.find((plug) => plug.id === id), { busy }),
      /** How many tracks of it are open. */
      open: (id) => [...open.get(id)].filter(({ readyState }) => readyState === 'live').length,
    },
  });
}
