// The camera, the microphone and the shared screen of this computer: which there are, which are used, and why one is not.
import { pictureSettings, type Quality } from './quality';

export type DeviceTrouble =
  | 'refused' // by the person or by the browser's settings
  | 'missing' // no such device
  | 'busy' // another program has it
  | 'insecure'; // browsers give cameras to https and localhost only

export interface Device {
  id: string;
  label: string;
}

export function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'missing';
}

export class Capture {
  cameras = $state.raw<Device[]>([]);
  microphones = $state.raw<Device[]>([]);
  asking = $state(false);
  camera = $state.raw<MediaStreamTrack | null>(null);
  moreCameras = $state.raw<MediaStreamTrack[]>([]); // of the same room
  microphone = $state.raw<MediaStreamTrack | null>(null);
  screen = $state.raw<MediaStreamTrack | null>(null);
  cameraTrouble = $state<DeviceTrouble | null>(null);
  microphoneTrouble = $state<DeviceTrouble | null>(null);
  screenTrouble = $state(false);
  cameraOn = $state(true);
  microphoneOn = $state(true);
  quality: Quality;
  // What is sent has changed: the running session exchanges its tracks.
  readonly #onTracks: () => void;

  constructor(quality: Quality, onTracks: () => void) {
    this.quality = quality;
    this.#onTracks = onTracks;
  }

  get picture(): MediaStreamTrack | null {
    return this.screen ?? this.camera;
  }

  get allCameras(): (MediaStreamTrack | null)[] {
    return [this.camera, ...this.moreCameras];
  }

  get cameraOffers(): { label: string; size: { width?: number | undefined; height?: number | undefined } }[] {
    const offers = this.allCameras.map((track) => ({ label: track?.label ?? '', size: track?.getSettings() ?? {} }));
    return offers.length > 1 ? offers : [{ label: '', size: offers[0]?.size ?? {} }];
  }

  get canShare(): boolean {
    return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  }

  // Asks for both at once, so that the browser shows one question; a missing one must not cost the other.
  async open(): Promise<void> {
    if (!navigator.mediaDevices) {
      this.cameraTrouble = this.microphoneTrouble = 'insecure';
      return;
    }
    this.asking = true;
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: this.#videoWish(''), audio: this.#audioWish('') });
      this.#takeCamera(stream.getVideoTracks()[0] ?? null);
      this.#takeMicrophone(stream.getAudioTracks()[0] ?? null);
    } catch (error) {
      if (troubleOf(error) === 'refused') {
        this.cameraTrouble = this.microphoneTrouble = 'refused';
      } else {
        await this.chooseCamera('');
        await this.chooseMicrophone('');
      }
    } finally {
      this.asking = false;
    }
    await this.refreshDevices();
  }

  async chooseCamera(id: string): Promise<void> {
    // Many cameras open once only: the old one is let go first.
    this.camera?.stop();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: this.#videoWish(id) });
      this.#takeCamera(stream.getVideoTracks()[0] ?? null);
    } catch (error) {
      this.camera = null;
      this.cameraTrouble = troubleOf(error);
    }
    this.#onTracks();
  }

  // Cameras of the room beside the first, by their ids.
  async chooseMoreCameras(ids: readonly string[]): Promise<void> {
    for (const track of this.moreCameras) track.stop();
    this.moreCameras = [];
    for (const id of ids) {
      const stream = await navigator.mediaDevices.getUserMedia({ video: this.#videoWish(id) }).catch(() => null);
      const track = stream?.getVideoTracks()[0];
      if (!track) continue;
      track.enabled = this.cameraOn;
      track.contentHint = 'motion';
      this.moreCameras = [...this.moreCameras, track];
    }
    this.#onTracks();
  }

  async chooseMicrophone(id: string): Promise<void> {
    this.microphone?.stop();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.#audioWish(id) });
      this.#takeMicrophone(stream.getAudioTracks()[0] ?? null);
    } catch (error) {
      this.microphone = null;
      this.microphoneTrouble = troubleOf(error);
    }
    this.#onTracks();
  }

  async chooseQuality(quality: Quality): Promise<void> {
    this.quality = quality;
    // Opened anew: browsers scale an open camera down, but not up.
    if (this.camera) return this.chooseCamera(this.camera.getSettings().deviceId ?? '');
    this.#onTracks();
  }

  async share(): Promise<void> {
    this.screenTrouble = false;
    try {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
      const track = stream.getVideoTracks()[0];
      if (!track) return;
      track.contentHint = 'detail';
      // The browser has a button of its own for ending it.
      track.addEventListener('ended', () => this.stopSharing());
      this.screen?.stop();
      this.screen = track;
      this.#onTracks();
    } catch (error) {
      // Cancelling the browser's own dialogue is an answer, not a fault.
      this.screenTrouble = troubleOf(error) !== 'refused';
    }
  }

  stopSharing(): void {
    if (!this.screen) return;
    this.screen.stop();
    this.screen = null;
    this.#onTracks();
  }

  setCamera(on: boolean): void {
    this.cameraOn = on;
    for (const track of this.allCameras) if (track) track.enabled = on;
  }

  setMicrophone(on: boolean): void {
    this.microphoneOn = on;
    if (this.microphone) this.microphone.enabled = on;
  }

  async refreshDevices(): Promise<void> {
    const devices = await navigator.mediaDevices?.enumerateDevices();
    const list = (kind: MediaDeviceKind) =>
      (devices ?? []).filter((device) => device.kind === kind && device.deviceId !== '').map(({ deviceId, label }) => ({ id: deviceId, label }));
    this.cameras = list('videoinput');
    this.microphones = list('audioinput');
  }

  close(): void {
    for (const track of [...this.allCameras, this.microphone, this.screen]) track?.stop();
    this.camera = this.microphone = this.screen = null;
    this.moreCameras = [];
  }

  #takeCamera(track: MediaStreamTrack | null): void {
    this.camera = track;
    this.cameraTrouble = track ? null : 'missing';
    if (!track) return;
    track.enabled = this.cameraOn;
    track.contentHint = 'motion';
    track.addEventListener('ended', () => this.#lost('camera', track));
  }

  #takeMicrophone(track: MediaStreamTrack | null): void {
    this.microphone = track;
    this.microphoneTrouble = track ? null : 'missing';
    if (!track) return;
    track.enabled = this.microphoneOn;
    track.contentHint = 'speech';
    track.addEventListener('ended', () => this.#lost('microphone', track));
  }

  // Unplugged, or taken away in the browser's settings.
  #lost(which: 'camera' | 'microphone', track: MediaStreamTrack): void {
    if (this[which] !== track) return;
    this[which] = null;
    if (which === 'camera') this.cameraTrouble = 'missing';
    else this.microphoneTrouble = 'missing';
    this.#onTracks();
  }

  #videoWish(id: string): MediaTrackConstraints {
    const { width, height, framesPerSecond } = pictureSettings(this.quality);
    return {
      width: { ideal: width },
      height: { ideal: height },
      frameRate: { ideal: framesPerSecond },
      ...(id ? { deviceId: { exact: id } } : {}),
    };
  }

  #audioWish(id: string): MediaTrackConstraints {
    return { echoCancellation: true, noiseSuppression: true, autoGainControl: true, ...(id ? { deviceId: { exact: id } } : {}) };
  }
}
