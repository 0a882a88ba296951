// The capture's tracks against a fake machine, whose devices are plugged in and out in any order.
import { describe, expect, it, vi } from 'vitest';

import { Capture, type Machine } from './capture.svelte';
import { troubleOf } from './device-trouble';

class FakeTrack extends EventTarget {
  readyState: 'live' | 'ended' = 'live';
  enabled = true;
  contentHint = '';
  readonly settings: MediaTrackSettings;
  readonly label: string;
  constructor(settings: MediaTrackSettings, label: string) {
    super();
    this.settings = settings;
    this.label = label;
  }
  stop() {
    this.readyState = 'ended';
  }
  getSettings() {
    return this.settings;
  }
  unplug() {
    this.readyState = 'ended';
    this.dispatchEvent(new Event('ended'));
  }
}

interface FakeDevice {
  kind: MediaDeviceKind;
  deviceId: string;
  label: string;
  groupId: string;
  busy?: boolean;
}
const device = (kind: MediaDeviceKind, deviceId: string): FakeDevice => ({ kind, deviceId, label: `The ${deviceId}`, groupId: deviceId });

class FakeMedia extends EventTarget {
  devices: FakeDevice[];
  tracks: FakeTrack[] = [];
  asked: MediaStreamConstraints[] = [];
  refusal: Error | null = null;

  constructor(devices: FakeDevice[]) {
    super();
    this.devices = devices;
  }
  enumerateDevices() {
    return Promise.resolve(this.devices);
  }
  #open(kind: MediaDeviceKind, wish: MediaTrackConstraints): FakeTrack {
    const { exact, ideal } = (wish.deviceId ?? {}) as ConstrainDOMStringParameters;
    const all = this.devices.filter((each) => each.kind === kind);
    const found = all.find(({ deviceId }) => deviceId === (exact ?? ideal)) ?? (exact ? undefined : all[0]);
    if (!found) throw new DOMException('', exact ? 'OverconstrainedError' : 'NotFoundError');
    if (found.busy) throw new DOMException('', 'NotReadableError');
    const { echoCancellation, noiseSuppression, autoGainControl } = wish as Record<string, boolean>;
    return new FakeTrack({ deviceId: found.deviceId, ...(kind === 'audioinput' ? { echoCancellation: echoCancellation!, noiseSuppression: noiseSuppression!, autoGainControl: autoGainControl! } : {}) }, found.label);
  }
  getUserMedia(constraints: MediaStreamConstraints) {
    this.asked.push(constraints);
    if (this.refusal) return Promise.reject(this.refusal);
    try {
      const video = constraints.video ? [this.#open('videoinput', constraints.video as MediaTrackConstraints)] : [];
      const audio = constraints.audio ? [this.#open('audioinput', constraints.audio as MediaTrackConstraints)] : [];
      this.tracks.push(...video, ...audio);
      return Promise.resolve({ getVideoTracks: () => video, getAudioTracks: () => audio });
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }
  plug(...devices: FakeDevice[]) {
    this.devices = [...this.devices, ...devices];
    this.dispatchEvent(new Event('devicechange'));
  }
  // As browsers do: the track ends, then the list changes; or the other way round.
  unplug(deviceId: string, first: 'track' | 'list') {
    const end = () => this.tracks.filter(({ settings, readyState }) => settings.deviceId === deviceId && readyState === 'live').forEach((track) => track.unplug());
    const unlist = () => {
      this.devices = this.devices.filter((each) => each.deviceId !== deviceId);
      this.dispatchEvent(new Event('devicechange'));
    };
    for (const act of first === 'track' ? [end, unlist] : [unlist, end]) act();
  }
}

class FakePermission extends EventTarget {
  state: PermissionState = 'prompt';
  set(state: PermissionState) {
    this.state = state;
    this.dispatchEvent(new Event('change'));
  }
}

function machine(...devices: FakeDevice[]) {
  const media = new FakeMedia(devices);
  const permissions = { camera: new FakePermission(), microphone: new FakePermission() };
  const kept = new Map<string, string>();
  const fake = {
    media: media as unknown as MediaDevices,
    permissions: { query: ({ name }: { name: 'camera' | 'microphone' }) => Promise.resolve(permissions[name]) } as unknown as Permissions,
    store: { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) },
    trySpeaker: (id: string) => (id === '' || media.devices.some(({ deviceId }) => deviceId === id) ? Promise.resolve() : Promise.reject(new DOMException('', 'NotFoundError'))),
  } satisfies Machine;
  return { fake, media, permissions };
}

async function opened(fake: Machine, onTracks = () => {}) {
  const capture = new Capture(720, onTracks, fake);
  const stop = capture.watch();
  await capture.open();
  return { capture, stop };
}
const uses = (capture: Capture) => [capture.camera?.label ?? null, capture.microphone?.label ?? null];
const live = (media: FakeMedia) => media.tracks.filter(({ readyState }) => readyState === 'live').length;

const cameras = [device('videoinput', 'laptop'), device('videoinput', 'hall')];
const desk = device('audioinput', 'desk');

describe('the capture', () => {
  for (const first of ['track', 'list'] as const)
    it(`goes on with another camera when one is unplugged (the ${first} tells first), and comes back to it`, async () => {
      const { fake, media } = machine(...cameras, desk);
      const onTracks = vi.fn();
      const { capture } = await opened(fake, onTracks);
      await capture.choose('camera', 'hall');
      expect(uses(capture)).toEqual(['The hall', 'The desk']);
      onTracks.mockClear();
      media.unplug('hall', first);
      await vi.waitFor(() => expect(uses(capture)).toEqual(['The laptop', 'The desk']));
      expect(capture.news.map(({ what }) => what)).toEqual(['replaced']);
      expect(onTracks).toHaveBeenCalled();
      media.plug(device('videoinput', 'hall'));
      await vi.waitFor(() => expect(capture.camera?.label).toBe('The hall'));
      expect(capture.news.map(({ what }) => what)).toEqual(['back']);
      expect(live(media)).toBe(2); // nothing is left open
    });

  it('lives through plugging in and out again and again', async () => {
    const { fake, media } = machine(...cameras, desk);
    const { capture } = await opened(fake);
    await capture.choose('camera', 'hall');
    for (let turn = 0; turn < 5; turn += 1) {
      media.unplug('hall', turn % 2 ? 'track' : 'list');
      media.plug(device('videoinput', 'hall'));
    }
    await vi.waitFor(() => expect([uses(capture), live(media)]).toEqual([['The hall', 'The desk'], 2]));
  });

  it('waits for a microphone where there is none', async () => {
    const { fake, media } = machine(cameras[0]!);
    const { capture } = await opened(fake);
    expect([uses(capture), capture.microphoneTrouble]).toEqual([['The laptop', null], 'missing']);
    media.plug(desk);
    await vi.waitFor(() => expect([uses(capture), capture.microphoneTrouble]).toEqual([['The laptop', 'The desk'], null]));
  });

  it('says that a camera is busy, and keeps the microphone', async () => {
    const { fake, media } = machine({ ...cameras[0]!, busy: true }, desk);
    const { capture } = await opened(fake);
    expect([uses(capture), capture.cameraTrouble, capture.microphoneTrouble]).toEqual([[null, 'The desk'], 'busy', null]);
    media.devices[0]!.busy = false;
    await capture.open();
    expect([uses(capture), live(media)]).toEqual([['The laptop', 'The desk'], 2]);
  });

  it('goes on by itself when a refusal is lifted', async () => {
    const { fake, media, permissions } = machine(cameras[0]!, desk);
    media.refusal = new DOMException('Permission denied', 'NotAllowedError');
    permissions.camera.state = permissions.microphone.state = 'denied';
    const { capture } = await opened(fake);
    expect([capture.cameraTrouble, capture.microphoneTrouble]).toEqual(['refused', 'refused']);
    media.refusal = null;
    permissions.camera.set('granted');
    permissions.microphone.set('granted');
    await vi.waitFor(() => expect([uses(capture), capture.cameraTrouble]).toEqual([['The laptop', 'The desk'], null]));
  });

  it('tells the system’s refusal from the page’s', async () => {
    const { fake, media, permissions } = machine(cameras[0]!, desk);
    media.refusal = new DOMException('Permission denied', 'NotAllowedError');
    permissions.camera.state = permissions.microphone.state = 'granted';
    expect((await opened(fake)).capture.cameraTrouble).toBe('system');
    permissions.camera.state = 'denied';
    expect((await opened(fake)).capture.cameraTrouble).toBe('refused');
  });

  it('notices a refusal while it lasts: the browser ends the track', async () => {
    const { fake, media, permissions } = machine(cameras[0]!, desk);
    const { capture } = await opened(fake);
    media.refusal = new DOMException('Permission denied', 'NotAllowedError');
    permissions.camera.set('denied');
    media.tracks[0]!.unplug();
    await vi.waitFor(() => expect([uses(capture), capture.cameraTrouble]).toEqual([[null, 'The desk'], 'refused']));
  });

  it('remembers the choice for the next time', async () => {
    const { fake } = machine(...cameras, desk);
    const first = await opened(fake);
    await first.capture.choose('camera', 'hall');
    first.stop();
    first.capture.close();
    expect(uses((await opened(fake)).capture)).toEqual(['The hall', 'The desk']);
  });

  it('opens a microphone anew with other sound settings, and each with its own', async () => {
    const { fake, media } = machine(cameras[0]!, desk, device('audioinput', 'mixer'));
    const { capture } = await opened(fake);
    expect(capture.applied).toEqual({ echoCancellation: true, noiseSuppression: true, autoGainControl: true, stereo: null });
    await capture.choose('microphone', 'mixer');
    await capture.chooseSound({ echoCancellation: false, noiseSuppression: false, autoGainControl: false, stereo: true });
    expect([capture.applied?.echoCancellation, capture.microphone?.contentHint, live(media)]).toEqual([false, 'music', 2]);
    await capture.choose('microphone', 'desk');
    expect([capture.sound.echoCancellation, capture.applied?.echoCancellation, live(media)]).toEqual([true, true, 2]);
    await capture.choose('microphone', 'mixer');
    expect([capture.sound.stereo, capture.applied?.echoCancellation]).toEqual([true, false]);
    const again = await opened(fake);
    expect([again.capture.microphone?.label, again.capture.applied?.echoCancellation]).toEqual(['The mixer', false]);
  });

  it('keeps what was muted muted', async () => {
    const { fake } = machine(...cameras, desk);
    const { capture } = await opened(fake);
    capture.setMicrophone(false);
    await capture.choose('microphone', 'desk');
    expect(capture.microphone?.enabled).toBe(false);
  });

  it('uses the system’s loudspeaker when the chosen one is gone', async () => {
    const { fake, media } = machine(cameras[0]!, desk, device('audiooutput', 'room'), device('audiooutput', 'headset'));
    const { capture } = await opened(fake);
    await capture.choose('speaker', 'headset');
    expect(capture.speaker).toBe('headset');
    media.unplug('headset', 'list');
    await vi.waitFor(() => expect(capture.speaker).toBe(''));
    media.plug(device('audiooutput', 'headset'));
    await vi.waitFor(() => expect(capture.speaker).toBe('headset'));
  });

  it('opens the room’s cameras one after the other, and lets all go', async () => {
    const { fake, media } = machine(...cameras, desk);
    const { capture } = await opened(fake);
    await capture.open({ room: true });
    await capture.choose('camera2', 'hall');
    expect(capture.cameraOffers.map(({ label }) => label)).toEqual(['The laptop', 'The hall']);
    media.unplug('hall', 'track');
    await vi.waitFor(() => expect(capture.allCameras.map((track) => track?.label)).toEqual(['The laptop', undefined]));
    capture.close();
    expect([live(media), uses(capture)]).toEqual([0, [null, null]]);
  });
});

describe('why a device is not to be had', () => {
  it.each([
    ['NotAllowedError', 'Permission denied', 'denied', 'refused'],
    ['NotAllowedError', 'Permission dismissed', 'prompt', 'dismissed'],
    ['NotAllowedError', 'Permission denied by system', 'prompt', 'system'],
    ['NotAllowedError', 'The request is not allowed by the user agent or the platform in the current context.', null, 'refused'],
    ['NotAllowedError', 'The request is not allowed by the user agent or the platform in the current context.', 'granted', 'system'],
    ['NotReadableError', 'Could not start video source', 'granted', 'busy'],
    ['NotFoundError', 'Requested device not found', 'granted', 'missing'],
    ['OverconstrainedError', '', null, 'missing'],
  ] as const)('%s, "%s", %s', (name, message, permission, trouble) => expect(troubleOf(new DOMException(message, name), permission)).toBe(trouble));
});
