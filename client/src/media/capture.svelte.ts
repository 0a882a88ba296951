// The camera, the microphone, the loudspeaker and the shared screen of this computer: carries out what devices.ts decides, and holds
// the tracks.
import { isRefusal, troubleOf, type DeviceTrouble } from './device-trouble';
import { begin, extraCameras, kindOf, lanes, named, step, type Act, type Device, type DeviceLists, type Devices, type Input, type Lane, type News, type Request } from './devices';
import { localStore, recall, remember, type Remembered, type Store } from './device-memory';
import { pictureSettings, type Quality } from './quality';
import { appliedSound, sameSound, soundConstraints, usualSound, type AppliedSound, type SoundSettings } from './sound-settings';

// What of the browser is used here, so that tests can stand in for it.
export interface Machine {
  media: MediaDevices | undefined; // none on insecure pages
  permissions: Permissions | undefined;
  store: Store | null;
  // Refused where there is no such loudspeaker.
  trySpeaker: (id: string) => Promise<void>;
}

export const canChooseSpeaker = (): boolean => typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;

const thisMachine = (): Machine => ({
  media: navigator.mediaDevices,
  permissions: navigator.permissions,
  store: localStore(),
  trySpeaker: (id) => new Audio().setSinkId(id),
});

export class Capture {
  devices = $state.raw<Devices>(begin({}));
  tracks = $state.raw<Partial<Record<Lane, MediaStreamTrack>>>({});
  screen = $state.raw<MediaStreamTrack | null>(null);
  screenTrouble = $state(false);
  cameraOn = $state(true);
  microphoneOn = $state(true);
  sound = $state.raw<SoundSettings>(usualSound); // wished, of the present microphone
  quality: Quality;
  readonly #machine: Machine;
  readonly #memory: Remembered;
  // What is sent has changed: the running session exchanges its tracks.
  readonly #onTracks: () => void;

  constructor(quality: Quality, onTracks: () => void, machine: Machine = thisMachine()) {
    this.quality = quality;
    this.#onTracks = onTracks;
    this.#machine = machine;
    this.#memory = recall(machine.store);
    this.devices = begin(this.#memory.wishes);
    this.sound = this.#soundOf(this.#memory.wishes.microphone?.label);
  }

  get camera(): MediaStreamTrack | null {
    return this.tracks.camera ?? null;
  }

  get microphone(): MediaStreamTrack | null {
    return this.tracks.microphone ?? null;
  }

  get cameras(): Device[] {
    return named(this.devices, 'camera');
  }

  get microphones(): Device[] {
    return named(this.devices, 'microphone');
  }

  get speakers(): Device[] {
    return named(this.devices, 'speaker');
  }

  // '' is the system's.
  get speaker(): string {
    return this.devices.lanes.speaker.used?.id ?? '';
  }

  get cameraTrouble(): DeviceTrouble | null {
    return this.#machine.media ? this.devices.lanes.camera.trouble : 'insecure';
  }

  get microphoneTrouble(): DeviceTrouble | null {
    return this.#machine.media ? this.devices.lanes.microphone.trouble : 'insecure';
  }

  // None while the browser asks.
  get troubles(): readonly DeviceTrouble[] {
    return this.asking ? [] : [this.cameraTrouble, this.microphoneTrouble].filter((trouble) => trouble !== null);
  }

  // The browser may be asking the person.
  get asking(): boolean {
    return (['camera', 'microphone'] as const).some((lane) => this.devices.lanes[lane].opening?.why === 'start');
  }

  get news(): readonly News[] {
    return this.devices.news;
  }

  get applied(): AppliedSound | null {
    return this.microphone ? appliedSound(this.microphone.getSettings()) : null;
  }

  get picture(): MediaStreamTrack | null {
    return this.screen ?? this.camera;
  }

  // The first one and those of the same room; the place of one that was unplugged is kept.
  get allCameras(): (MediaStreamTrack | null)[] {
    const wanted = extraCameras.filter((lane) => this.devices.lanes[lane].wish !== null && (this.devices.room || this.tracks[lane]));
    return [this.camera, ...wanted.map((lane) => this.tracks[lane] ?? null)];
  }

  get cameraOffers(): { label: string; size: { width?: number | undefined; height?: number | undefined } }[] {
    // Places stay in order: only those after the last camera are left out.
    const places = this.allCameras.slice(0, Math.max(1, this.allCameras.findLastIndex((track) => track !== null) + 1));
    const offers = places.map((track) => ({ label: track?.label ?? '', size: track?.getSettings() ?? {} }));
    return offers.length > 1 ? offers : [{ label: '', size: offers[0]?.size ?? {} }];
  }

  get canShare(): boolean {
    return typeof this.#machine.media?.getDisplayMedia === 'function';
  }

  // `room`: of a hall or site, which may have several cameras.
  async open({ room = this.devices.room }: { room?: boolean } = {}): Promise<void> {
    if (!this.#machine.media) return;
    await this.#input({ type: 'start', room });
  }

  choose(lane: Lane, id: string): Promise<void> {
    const chosen = this.#input({ type: 'choose', lane, id });
    const { wish } = this.devices.lanes[lane];
    if (wish) this.#memory.wishes[lane] = wish;
    else delete this.#memory.wishes[lane];
    remember(this.#machine.store, this.#memory);
    return chosen;
  }

  async accept(news: News): Promise<void> {
    if (news.what === 'offered') for (const { lane, id } of news.devices) await this.choose(lane, id);
    this.dismiss(news);
  }

  dismiss({ number }: News): void {
    void this.#input({ type: 'dismiss', number });
  }

  // Takes effect with a new track of the same microphone.
  chooseSound(sound: SoundSettings): Promise<void> {
    this.sound = sound;
    const label = this.microphone?.label;
    if (label) {
      delete this.#memory.sound[label]; // so that it is the latest
      this.#memory.sound[label] = sound;
      remember(this.#machine.store, this.#memory);
    }
    return this.#input({ type: 'reopen', lane: 'microphone' });
  }

  async chooseQuality(quality: Quality): Promise<void> {
    this.quality = quality;
    // Opened anew: browsers scale an open camera down, but not up.
    if (this.camera) return this.#input({ type: 'reopen', lane: 'camera' });
    this.#onTracks();
  }

  // Firefox shows its loudspeakers one by one, as the person picks them.
  get canPickSpeaker(): boolean {
    return this.#machine.media !== undefined && 'selectAudioOutput' in this.#machine.media;
  }

  async pickSpeaker(): Promise<void> {
    const media = this.#machine.media as MediaDevices & { selectAudioOutput: () => Promise<MediaDeviceInfo> };
    const device = await media.selectAudioOutput().catch(() => null);
    if (!device) return;
    await this.refreshDevices();
    await this.choose('speaker', device.deviceId);
  }

  async share(): Promise<void> {
    this.screenTrouble = false;
    try {
      const stream = await this.#machine.media!.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
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
    const devices = await this.#machine.media?.enumerateDevices().catch(() => null);
    if (!devices) return;
    const list = (kind: MediaDeviceKind) => devices.filter((device) => device.kind === kind).map(({ deviceId, label, groupId }) => ({ id: deviceId, label, group: groupId }));
    const there: DeviceLists = { camera: list('videoinput'), microphone: list('audioinput'), speaker: list('audiooutput') };
    await this.#input({ type: 'listed', there });
  }

  // Notices what is plugged in and out, and what the person allows in the browser's settings, until the returned function is called.
  watch(): () => void {
    const over = new AbortController();
    const { signal } = over;
    const { media, permissions } = this.#machine;
    media?.addEventListener('devicechange', () => void this.refreshDevices(), { signal });
    for (const kind of ['camera', 'microphone'] as const) {
      // Not every browser can be asked about these.
      permissions
        ?.query({ name: kind as PermissionName })
        .then((status) => {
          const look = () => {
            if (!signal.aborted && status.state !== 'denied') void this.#input({ type: 'allowed', kind });
          };
          status.addEventListener('change', look, { signal });
          // Back from the system's settings, of which no browser tells.
          if (typeof document !== 'undefined') document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && status.state === 'granted' && look(), { signal });
        })
        .catch(() => undefined);
    }
    void this.refreshDevices();
    return () => over.abort();
  }

  close(): void {
    for (const track of [...Object.values(this.tracks), this.screen]) track?.stop();
    this.tracks = {};
    this.screen = null;
    void this.#input({ type: 'stop' });
  }

  async #input(input: Input): Promise<void> {
    const { state, acts } = step(this.devices, input);
    this.devices = state;
    const unused = lanes.filter((lane) => this.tracks[lane] && !state.lanes[lane].used);
    if (unused.length > 0) this.#put(Object.fromEntries(unused.map((lane) => [lane, undefined])));
    await Promise.all(acts.map((act) => this.#open(act)));
  }

  async #open({ turn, requests }: Act): Promise<void> {
    const asked = requests.map(({ lane }) => lane);
    try {
      if (asked.includes('speaker')) return await this.#openSpeaker(turn, requests[0]?.id ?? '');
      const sound = this.#soundFor(requests);
      const stream = await this.#askFor(requests, sound);
      for (const request of requests) {
        const [track] = kindOf(request.lane) === 'camera' ? stream.getVideoTracks() : stream.getAudioTracks();
        if (track) await this.#take(turn, request, track, sound);
      }
      await this.refreshDevices(); // now with names
    } catch (error) {
      await this.#input({ type: 'failed', turn, troubles: await this.#troublesOf(error, asked) });
      // What was let go for another one that then did not open.
      for (const lane of asked) {
        if (this.tracks[lane]?.readyState === 'ended' && !this.devices.lanes[lane].opening) await this.#input({ type: 'reopen', lane });
      }
      if (this.devices.there === null) await this.refreshDevices();
    }
  }

  async #openSpeaker(turn: number, id: string): Promise<void> {
    await this.#machine.trySpeaker(id);
    const device = this.speakers.find((speaker) => speaker.id === id) ?? { id, label: '' };
    await this.#input({ type: 'opened', turn, lane: 'speaker', device });
  }

  async #askFor(requests: readonly Request[], sound: SoundSettings): Promise<MediaStream> {
    const media = this.#machine.media!;
    const constraints: MediaStreamConstraints = {};
    for (const { lane, id, exact } of requests) {
      // Most cameras open once only, and of a microphone two tracks may share their settings: the old one is let go first.
      if (this.devices.lanes[lane].used?.id === id) this.tracks[lane]?.stop();
      const device = id === '' ? {} : { deviceId: exact ? { exact: id } : { ideal: id } };
      if (kindOf(lane) === 'camera') constraints.video = { ...this.#pictureWish(), ...device };
      else constraints.audio = { ...soundConstraints(sound), ...device };
    }
    try {
      return await media.getUserMedia(constraints);
    } catch (error) {
      // Phones open one camera at a time.
      const held = requests.flatMap(({ lane }) => this.tracks[lane] ?? []).filter(({ readyState }) => readyState === 'live');
      if (troubleOf(error) !== 'busy' || held.length === 0) throw error;
      for (const track of held) track.stop();
      return media.getUserMedia(constraints);
    }
  }

  async #take(turn: number, { lane, id, exact }: Request, track: MediaStreamTrack, sound: SoundSettings): Promise<void> {
    // Another one was asked for meanwhile.
    if (this.devices.lanes[lane].opening?.turn !== turn) return track.stop();
    track.enabled = lane === 'microphone' ? this.microphoneOn : this.cameraOn;
    track.contentHint = lane !== 'microphone' ? 'motion' : sound.stereo ? 'music' : 'speech';
    track.addEventListener('ended', () => void this.#ended(lane, track));
    const again = this.devices.lanes[lane].used?.id === id;
    this.#put({ [lane]: track });
    await this.#input({ type: 'opened', turn, lane, device: { id: exact ? id : (track.getSettings().deviceId ?? ''), label: track.label } });
    if (lane === 'microphone' && !again) await this.#settleSound(track, sound);
  }

  // Which microphone the browser gave is known only now: it may have settings of its own.
  async #settleSound(track: MediaStreamTrack, used: SoundSettings): Promise<void> {
    this.sound = this.#soundOf(track.label);
    if (!sameSound(used, this.sound) && this.microphone === track) await this.#input({ type: 'reopen', lane: 'microphone' });
  }

  #soundFor(requests: readonly Request[]): SoundSettings {
    const { used, wish } = this.devices.lanes.microphone;
    const id = requests.find(({ lane }) => lane === 'microphone')?.id;
    if (used?.id === id) return this.sound;
    return this.#soundOf([...this.microphones, wish].find((device) => device !== null && device.id === id)?.label);
  }

  #soundOf(label: string | undefined): SoundSettings {
    return this.#memory.sound[label ?? ''] ?? usualSound;
  }

  async #ended(lane: Lane, track: MediaStreamTrack): Promise<void> {
    if (this.tracks[lane] !== track) return;
    await this.refreshDevices();
    if (this.tracks[lane] === track && track.readyState === 'ended') await this.#input({ type: 'ended', lane });
  }

  #put(change: Partial<Record<Lane, MediaStreamTrack | undefined>>): void {
    const before = this.tracks;
    this.tracks = { ...before, ...change } as Partial<Record<Lane, MediaStreamTrack>>;
    for (const lane of lanes) if (before[lane] !== this.tracks[lane]) before[lane]?.stop();
    this.#onTracks();
  }

  // Whose fault it is, where several were asked for at once.
  async #troublesOf(error: unknown, asked: readonly Lane[]): Promise<Partial<Record<Lane, DeviceTrouble | null>>> {
    const states = await Promise.all(asked.map((lane) => this.#permission(lane)));
    return Object.fromEntries(
      asked.map((lane, index) => {
        const trouble = troubleOf(error, states[index]);
        const another = states.some((state, other) => other !== index && state === 'denied') && states[index] !== 'denied';
        return [lane, isRefusal(trouble) && another ? null : trouble];
      }),
    );
  }

  #permission(lane: Lane): Promise<PermissionState | null> {
    const kind = kindOf(lane);
    if (kind === 'speaker' || !this.#machine.permissions) return Promise.resolve(null);
    return this.#machine.permissions.query({ name: kind as PermissionName }).then(
      ({ state }) => state,
      () => null,
    );
  }

  #pictureWish(): MediaTrackConstraints {
    const { width, height, framesPerSecond } = pictureSettings(this.quality);
    return { width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: framesPerSecond } };
  }
}
