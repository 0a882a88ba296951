// Takes part in a conference: carries out what lifeline.ts and media-path.ts decide (sockets, timers and connections are here), and
// holds what the page shows.
import type { Admission } from '../api/invitations';
import { kVersion, type Action, type Answer, type Heard, type IceRestarted, type RecordingTrouble, type Seat, type ServerMessage, type SlotContent, type SlotDemand, type Welcome } from '../api/messages';
import { problemOf } from '../api/problem';
import { keepChoice, recallChoice } from '../choices';
import { showSession } from '../debugging';
import type { Capture } from '../media/capture.svelte';
import type { VideoCodec } from '../media/codecs';
import type { PathReport } from '../media/path-report';
import { announce, gather, type Announced } from './announce';
import { DemandSender } from './demand-sender';
import { Lifeline, type LifelineAct, type LifelineState } from './lifeline';
import { MediaPath, type JoinKind, type MediaState } from './media-path';
import { MediaSession, type Place } from './media-session';
import { follow, mirrorOf, seatOf, type Mirror } from './mirror';
import { planOf } from './offer';
import { PathWatch, readPath, samplePathEveryMs } from './path-watch';
import { ReloadNote } from './reload-note';
import { SleepWatch } from './sleep-watch';
import { CommandRefused, Commands, readMessage, signallingAddress, type Command } from './signalling';
import { thisBrowser, type Surroundings } from './surroundings';
import type { Notice } from './words';

const lookAtClockEveryMs = 1_000;
const wokeForMs = 15_000; // longer than coming back takes
const socketOpen = 1; // WebSocket.OPEN

// In resume: one that no server has, so that it sends a snapshot.
const noSequence = Number.MAX_SAFE_INTEGER;

type Gate = 'microphone' | 'camera';
// asking: it has not answered. untold: it could not be reached, and is told when it is back. unrecorded: it can write nothing down.
type Closing = 'asking' | 'untold' | 'unrecorded';

export class ConferenceSession {
  admission = $state.raw<Admission>()!;
  link = $state.raw<LifelineState>({ kind: 'idle' });
  media = $state.raw<MediaState>({ kind: 'none' });
  mirror = $state.raw<Mirror | null>(null);
  places = $state.raw<readonly Place[]>([]);
  slots = $state.raw<ReadonlyMap<number, SlotContent>>(new Map());
  speaking = $state.raw<readonly string[]>([]);
  may = $state.raw<ReadonlySet<Action>>(new Set());
  // The latest few, numbered by this page: a server that starts anew counts its events from the beginning.
  announcements = $state.raw<readonly Announced[]>([]);
  notice = $state.raw<Notice | null>(null); // what was refused last
  trouble = $state.raw<PathReport | null>(null); // why no pictures and sound come
  record = $state.raw<RecordingTrouble | null>(null); // told to those who lead: nothing can be written down
  // Closed by oneself, though the server's record does not say so.
  closedHere = $state.raw<ReadonlyMap<Gate, Closing>>(new Map());
  microphoneHeldBack = $state(false); // closed by a rejoin, not by anybody
  offline = $state(false); // the browser knows of no network
  restarting = $state(false); // the server said so
  slept = $state(false); // this device, a moment ago
  unreachable = $state(false); // the server, at the last try
  audioOnly = $state(recallChoice('audioOnly') !== null);
  // The gate is opened once; the microphone sends while the button is held.
  pushToTalk = $state(recallChoice('pushToTalk') !== null);
  talking = $state(false);

  readonly #invitation: string;
  readonly #codec: VideoCodec | null;
  readonly #capture: Capture;
  readonly #loadAnew: () => void;
  readonly #around: Surroundings;
  readonly #lifeline: Lifeline;
  readonly #path: MediaPath;
  readonly #commands = new Commands();
  readonly #reloads: ReloadNote;
  readonly #demands = new DemandSender(
    (slots) => this.command({ type: 'demand', slots }),
    () => this.#answered && this.link.kind === 'live',
  );
  readonly #ended = new AbortController();
  #socket: WebSocket | null = null;
  #session: MediaSession | null = null;
  #welcome: Welcome | null = null;
  #iceServers: RTCIceServer[] = [];
  #heard: Heard | null = null; // what the server has heard of the present media session
  // The mirror is of an earlier session: events of this one must not be added to it.
  #awaitsSnapshot = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pathTimer: ReturnType<typeof setInterval> | undefined;
  #sharing = false; // the server was told so
  #answered = false; // the present media session
  #made = 0;

  // `loadAnew`: in place of the browser's reload, when the server has a new version of the page.
  constructor(invitation: string, admission: Admission, capture: Capture, codec: VideoCodec | null, loadAnew?: () => void, around: Surroundings = thisBrowser()) {
    this.#invitation = invitation;
    this.#codec = codec;
    this.#capture = capture;
    this.#loadAnew = loadAnew ?? (() => around.location.reload());
    this.#around = around;
    this.admission = admission;
    this.#reloads = new ReloadNote(around.storage);
    this.#lifeline = new Lifeline(around.random, this.#reloads.reloaded);
    this.#path = new MediaPath(around.random);
    const session = this;
    showSession({
      get state() {
        return { kind: session.media.kind };
      },
      get connection() {
        return session.#session?.connection ?? null;
      },
      get made() {
        return session.#made;
      },
    });
  }

  get seat(): string {
    return this.#welcome?.seat ?? this.admission.seat;
  }

  // The own seat as it is: with what was closed here.
  get own(): Seat | undefined {
    const seat = seatOf(this.mirror?.conference, this.seat);
    if (!seat || this.closedHere.size === 0) return seat;
    const closed = { open: false, closed_by: 'self' } as const;
    return {
      ...seat,
      ...(this.closedHere.has('microphone') ? { microphone: { ...seat.microphone, ...closed } } : {}),
      ...(this.closedHere.has('camera') ? { camera: closed } : {}),
    };
  }

  // For those who look at its figures.
  get connection(): RTCPeerConnection | null {
    return this.#session?.connection ?? null;
  }

  // How many media sessions were made so far.
  get made(): number {
    return this.#made;
  }

  start(): void {
    this.#lifeline.start(performance.now());
    const { window, document, navigator } = this.#around;
    const look = () => document.visibilityState === 'visible' && this.#input((now) => this.#lifeline.nudge(now));
    const { signal } = this.#ended;
    window.addEventListener('online', look, { signal });
    document.addEventListener('visibilitychange', look, { signal });
    document.addEventListener('resume', look, { signal }); // of a page that the browser had frozen
    for (const type of ['online', 'offline']) window.addEventListener(type, () => (this.offline = !navigator.onLine), { signal });
    this.offline = !navigator.onLine;
    this.#watchClock();
    this.#turn();
  }

  // Goes for good; a new session is made for coming back.
  leave(): void {
    if (this.#connected) void this.command({ type: 'leave' }).catch(() => undefined);
    this.#input(() => this.#lifeline.stop());
  }

  retryMedia(): void {
    this.#input((now) => this.#path.retry(now));
  }

  // Sent while the connection lives; a refusal is kept in `notice` for the page to show.
  async ask(command: Command): Promise<boolean> {
    return (await this.#tell(command)) === null;
  }

  // `quiet`: a refusal that needs no words.
  async #tell(command: Command, quiet?: Notice['code']): Promise<Notice['code'] | null> {
    this.notice = null;
    try {
      await this.command(command);
      return null;
    } catch (error) {
      const code = error instanceof CommandRefused ? error.code : 'lost';
      if (code !== quiet) this.notice = { code, what: command.type };
      return code;
    }
  }

  get #connected(): boolean {
    return this.#socket?.readyState === socketOpen;
  }

  command(command: Command) {
    if (!this.#connected) return Promise.reject(new Error('There is no connection.'));
    return this.#commands.issue((message) => this.#socket?.send(JSON.stringify(message)), command);
  }

  async setMicrophone(open: boolean): Promise<void> {
    this.microphoneHeldBack = false;
    await this.#setGate('microphone', open);
  }

  // The first press opens the gate where that is allowed; after that nobody is asked. Nobody talks without a microphone.
  talk(talking: boolean): void {
    if (this.talking === talking || (talking && !this.#capture.microphone)) return;
    this.talking = talking;
    this.#followGates();
    if (talking && !this.own?.microphone.open) void this.setMicrophone(true);
  }

  setPushToTalk(on: boolean): void {
    this.pushToTalk = on;
    this.talking = false;
    keepChoice('pushToTalk', on ? 'on' : null);
    this.#followGates();
  }

  setAudioOnly(on: boolean): void {
    this.audioOnly = on;
    keepChoice('audioOnly', on ? 'on' : null);
  }

  setCamera(open: boolean): Promise<void> {
    return this.#setGate('camera', open);
  }

  // Closing acts here first, and stays whether the server can be told or not; opening is the server's to allow.
  async #setGate(gate: Gate, open: boolean): Promise<void> {
    if (!open) this.#closeHere(gate, 'asking');
    // Whoever closes and is lost has closed: nothing is uncertain.
    const refusal = await this.#tell({ type: `${open ? 'open' : 'close'}_${gate}`, seat: this.seat }, open ? undefined : 'lost');
    if (!open && refusal === 'lost') this.#closeHere(gate, 'untold');
    else if (!open && refusal === 'closed_not_recorded') this.#closeHere(gate, 'unrecorded');
    else if (!open || !refusal) this.#closeHere(gate, null);
  }

  #closeHere(gate: Gate, closing: Closing | null): void {
    const closings = new Map(this.closedHere);
    if (closing) closings.set(gate, closing);
    else closings.delete(gate);
    this.closedHere = closings;
    this.#followGates();
  }

  async share(): Promise<void> {
    // Before the browser asks which window it is to be.
    if (!this.may.has('share_slides')) {
      this.notice = { code: 'not_allowed', what: 'share_slides' };
      return;
    }
    this.notice = null;
    await this.#capture.share();
    if (this.#capture.screen) await this.#showSlides();
    else if (this.#capture.screenTrouble) this.notice = { code: 'screen', what: 'share_slides' };
  }

  stopSharing(): void {
    this.#capture.stopSharing();
  }

  // The capture's tracks have changed.
  exchangeTracks(): void {
    if (!this.#capture.screen && this.#sharing) {
      this.#sharing = false;
      void this.command({ type: 'share_slides', sharing: false }).catch(() => undefined);
    }
    this.#exchange();
  }

  demand(wanted: ReadonlyMap<number, SlotDemand>): void {
    this.#demands.want(wanted);
  }

  // A clock that jumps has stood still with the whole device.
  #watchClock(): void {
    const watch = new SleepWatch(Date.now());
    let wokeUntilMs = 0;
    const timer = setInterval(() => {
      const nowMs = Date.now();
      if (watch.woke(nowMs)) {
        wokeUntilMs = nowMs + wokeForMs;
        this.#input((now) => this.#lifeline.nudge(now));
      }
      this.slept = nowMs < wokeUntilMs;
    }, lookAtClockEveryMs);
    this.#ended.signal.addEventListener('abort', () => clearInterval(timer));
  }

  #input(change: (nowMs: number) => void): void {
    change(performance.now());
    this.#turn();
  }

  // Carries out everything that was decided, then sleeps until the next deadline.
  #turn(): void {
    for (let act = this.#lifeline.poll(); act; act = this.#lifeline.poll()) this.#act(act);
    for (let act = this.#path.poll(); act; act = this.#path.poll()) {
      if (act.do === 'join') void this.#join(act.kind);
      else void this.#restartIce();
    }
    this.link = this.#lifeline.state;
    this.restarting = this.#lifeline.restarting;
    this.unreachable = this.#lifeline.failing;
    this.media = this.#path.state;
    if (this.media.kind === 'connected') this.trouble = null;
    clearTimeout(this.#timer);
    if (this.link.kind === 'over') return this.#finish();
    const deadline = Math.min(this.#lifeline.nextDeadline(), this.#path.nextDeadline());
    if (deadline === Infinity) return;
    const wait = Math.max(0, deadline - performance.now());
    this.#timer = setTimeout(() => {
      this.#input((now) => {
        this.#lifeline.tick(now);
        this.#path.tick(now);
      });
    }, wait);
  }

  #act(act: LifelineAct): void {
    switch (act) {
      case 'exchange':
        return void this.#exchangeInvitation();
      case 'open':
        return this.#open();
      case 'hello':
        this.#socket?.send(
          JSON.stringify({
            type: 'hello',
            version: kVersion,
            token: this.admission.token,
            ...(this.#welcome && this.mirror ? { resume: { session: this.#welcome.session, sequence: this.#awaitsSnapshot ? noSequence : this.mirror.sequence } } : {}),
          }),
        );
        return;
      case 'ping':
        if (this.#connected) this.#socket?.send('{"type":"ping"}');
        return;
      case 'close':
        return this.#closeSocket();
      case 'reload':
        this.#reloads.write(true);
        this.#loadAnew();
    }
  }

  async #exchangeInvitation(): Promise<void> {
    try {
      const admission = await this.#around.exchange(this.#invitation, this.#ended.signal);
      this.admission = admission;
      this.#input((now) => this.#lifeline.exchanged(now, admission.expiresInMs));
    } catch (error) {
      if (!this.#ended.signal.aborted) this.#input((now) => this.#lifeline.exchangeFailed(now, problemOf(error)));
    }
  }

  #open(): void {
    const socket = this.#around.openSocket(signallingAddress(this.#around.location.href, this.admission.conference));
    this.#socket = socket;
    const mine = (act: () => void) => () => {
      if (this.#socket === socket) act();
    };
    socket.onopen = mine(() => this.#input((now) => this.#lifeline.opened(now)));
    socket.onclose = mine(() => this.#input((now) => this.#lifeline.closed(now)));
    socket.onmessage = (event) => {
      if (this.#socket !== socket) return;
      const message = readMessage(event.data);
      if (message) this.#input((now) => this.#take(message, now));
    };
  }

  #closeSocket(): void {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
    this.#commands.lose();
    this.#path.signallingLost();
    this.speaking = [];
  }

  #take(message: ServerMessage, nowMs: number): void {
    this.#lifeline.heard(nowMs);
    if (this.#commands.settle(message)) return;
    switch (message.type) {
      case 'welcome':
        this.#welcome = message;
        this.record = null; // said again while it lasts
        this.#takeIceServers(message.ice_servers);
        this.#awaitsSnapshot ||= !message.resumed;
        this.may = new Set(message.may);
        this.#reloads.write(false);
        this.#lifeline.welcomed(nowMs);
        this.#path.welcomed(nowMs, message);
        for (const [gate, closing] of this.closedHere) if (closing === 'untold') void this.#setGate(gate, false);
        this.#exchange(); // with what could not be offered while the link was away
        return this.#demands.soon();
      case 'ice_servers':
        return this.#takeIceServers(message.ice_servers);
      case 'pong':
        if (this.#answered) this.#heard = message.heard ?? null;
        return;
      case 'snapshot':
        this.mirror = mirrorOf(message);
        this.#awaitsSnapshot = false;
        return this.#followGates();
      case 'happened':
        return this.#follow(message);
      case 'slots':
        this.slots = new Map([...this.slots, ...message.slots.map((content) => [content.slot, content] as const)]);
        return;
      case 'speaking':
        this.speaking = message.seats;
        return;
      case 'may_changed':
        this.may = new Set(message.may);
        return;
      case 'recording_trouble':
        this.record = message.trouble || message.unrecorded.length > 0 ? message : null;
        return;
      case 'refused':
        return this.#lifeline.refused(nowMs, message.code);
      case 'bye':
        return this.#lifeline.bye(nowMs, message.code);
    }
  }

  #takeIceServers(servers: RTCIceServer[]): void {
    this.#iceServers = servers;
    this.#session?.takeIceServers(servers);
  }

  #follow(message: ServerMessage & { type: 'happened' }): void {
    const before = this.mirror;
    if (!before || message.sequence <= before.sequence) return;
    this.mirror = follow(before, message);
    if (this.media.kind === 'refused' && this.media.code === 'locked' && !this.mirror.conference.locked) this.retryMedia();
    const said = announce(message, before.conference, this.seat);
    if (said) this.announcements = gather(this.announcements, said, performance.now());
    this.#followGates();
  }

  // What is sent follows what the server lets through, so that nobody is seen or heard who is shown as closed.
  #followGates(): void {
    const recorded = seatOf(this.mirror?.conference, this.seat);
    // Before the answer the gates say nothing of what the person wants.
    if (!recorded || !this.#answered) return;
    if ([...this.closedHere.keys()].some((gate) => !recorded[gate].open)) this.closedHere = new Map([...this.closedHere].filter(([gate]) => recorded[gate].open));
    const own = this.own ?? recorded;
    this.#capture.setMicrophone(own.microphone.open && (!this.pushToTalk || this.talking));
    this.#capture.setCamera(own.camera.open);
    if (own.microphone.open) this.microphoneHeldBack = false;
    if (this.#sharing && this.mirror?.conference.slides !== this.seat) {
      this.#sharing = false;
      this.#capture.stopSharing();
    }
    this.#exchange();
  }

  async #showSlides(): Promise<void> {
    this.#sharing = await this.ask({ type: 'share_slides', sharing: true });
    if (!this.#sharing) this.#capture.stopSharing();
  }

  #exchange(): void {
    const places = this.#session?.cameras ?? 0; // none: whoever only watches
    if (this.#answered && places > 0 && this.#capture.cameraOffers.length > places) this.#input((now) => this.#path.offerMore(now));
    const { cameraOn, microphone, screen } = this.#capture;
    const cameras = cameraOn ? this.#capture.allCameras : [];
    void this.#session?.exchange({ microphone, cameras, slides: screen, stereo: this.#capture.sound.stereo }).catch(() => undefined);
  }

  async #join(kind: JoinKind): Promise<void> {
    const welcome = this.#welcome;
    if (!welcome) return;
    const before = this.#session;
    // One that was answered and did not come about, or was lost and could not be made again.
    if (before && this.#answered && kind === 'again') this.trouble = (await before.explain(this.#heard)) ?? this.trouble;
    if (this.#ended.signal.aborted || this.#session !== before) return;
    before?.close();
    this.#answered = this.#sharing = false;
    this.#heard = null;
    this.#demands.forget();
    // What the new session's slots hold may be said before the answer comes.
    this.slots = new Map();
    const { own } = this;
    const microphone = kind === 'first' ? this.#capture.microphoneOn : kind !== 'afterwards' && own?.microphone.open === true;
    const camera = this.#capture.cameraOn && this.#capture.camera !== null;
    if (kind === 'afterwards' && this.#capture.microphoneOn) this.microphoneHeldBack = true;
    let session: MediaSession;
    try {
      session = new MediaSession(planOf(welcome.role, welcome.max_tiles), this.#capture.cameraOffers, this.#codec, this.#iceServers, this.#around.peers);
      this.#session = session;
      this.#watch(session);
      const offer = await session.offer(this.#capture.sound.stereo);
      if (this.#session !== session) return;
      const answer = (await this.command({ type: 'join', ...offer, microphone: microphone && this.#capture.microphone !== null, camera })) as Answer;
      if (this.#session !== session) return;
      const places = await session.take(answer.answer, answer.slots);
      if (this.#session !== session) return;
      this.places = places;
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      if (error instanceof CommandRefused)
        this.#input((now) => {
          this.#path.joinRefused(now, error.code);
          if (error.code === 'not_connected') this.#lifeline.sessionEnded(now);
        });
      else if (this.#socket) this.#input((now) => this.#path.joinRefused(now, 'browser'));
      return;
    }
    this.#made += 1;
    this.#answered = true;
    this.#input((now) => {
      this.#path.answered(now);
      this.#path.path(now, session.connection.connectionState);
    });
    this.#followGates();
    this.#demands.soon(0);
    if (this.#capture.screen) await this.#showSlides();
  }

  #watch(session: MediaSession): void {
    const { connection } = session;
    connection.addEventListener('connectionstatechange', () => {
      if (this.#session === session) this.#input((now) => this.#path.path(now, connection.connectionState));
    });
    connection.addEventListener('signalingstatechange', () => {
      const transport = connection.getTransceivers()[0]?.receiver.transport;
      if (!transport || transport.onstatechange) return;
      // The server said goodbye (DTLS close_notify): no need to wait for missing consent.
      transport.onstatechange = () => {
        if (this.#session === session && transport.state === 'closed') this.#input((now) => this.#path.path(now, 'closed'));
      };
    });
    const watch = new PathWatch();
    clearInterval(this.#pathTimer);
    this.#pathTimer = setInterval(() => void this.#lookAtPath(session, watch), samplePathEveryMs);
  }

  async #lookAtPath(session: MediaSession, watch: PathWatch): Promise<void> {
    const sample = await session.connection.getStats().then(readPath, () => null);
    if (!sample || this.#session !== session) return;
    const news = watch.sample(performance.now(), sample);
    if (news === 'dead')
      this.#input((now) => {
        this.#lifeline.doubt(now);
        this.#path.dead(now);
      });
    else if (news === 'answers') this.#input((now) => this.#path.answers(now));
  }

  async #restartIce(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    try {
      await session.restartIce(async (fragment) => ((await this.command({ type: 'restart_ice', fragment })) as IceRestarted).fragment);
    } catch (error) {
      // One that was lost with the socket is asked for again when there is another.
      if (this.#session === session && error instanceof CommandRefused) this.#input((now) => this.#path.restartRefused(now));
    }
  }

  #finish(): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#demands.end();
    clearInterval(this.#pathTimer);
    this.#session?.close();
    this.#session = null;
    this.places = [];
  }
}
