// The server's side of docs/signalling.md, as far as one page sees it: greets, resumes, answers and tells what happened.
import type { Action, ByeCode, ClientMessage, Conference, Event, Happened, Hello, Join, RefusalCode, Role, Seat, ServerMessage } from '../../api/messages';
import { follow, seatOf } from '../mirror';
import { emptySeat, seat } from './seats';

const lagMs = 10;

export class FakeSocket {
  readyState: number = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
    setTimeout(() => {
      if (this.readyState !== 0) return;
      if (!server.up) return this.lose();
      this.readyState = 1;
      this.onopen?.();
    }, lagMs);
  }
  send(text: string): void {
    const message = JSON.parse(text) as ClientMessage;
    setTimeout(() => this.readyState === 1 && this.#server.take(message, this), lagMs);
  }
  close(): void {
    setTimeout(() => (this.readyState = 3), lagMs); // what was sent before still arrives
  }
  lose(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.();
  }
  say(message: ServerMessage): void {
    if (this.readyState === 1) this.onmessage?.({ data: JSON.stringify(message) });
  }
}

export class FakeServer {
  up = true;
  role: Role = 'site'; // of the page
  keepsRecord = true;
  may: Action[] = ['open_own_microphone', 'open_own_camera', 'share_slides', 'raise_hand', 'chat'];
  conference: Conference = {
    id: 'demo',
    title: 'Demo',
    mode: 'discussion',
    layout: 'speaker',
    locked: false,
    seats: [seat('hall', { role: 'hall' }), emptySeat('site-1'), emptySeat('site-2')],
    chat: [],
  };
  readonly received: ClientMessage[] = [];
  readonly sockets: FakeSocket[] = [];
  // What the next messages of a type are refused with, in turn.
  readonly refusals: [ClientMessage['type'], RefusalCode][] = [];
  // Types that stay without an answer.
  readonly silent = new Set<ClientMessage['type']>();
  readonly #own = 'site-1';
  #sequence = 10;
  #log: Happened[] = [];
  #session = 1;
  #joined = false;

  accept(): FakeSocket {
    const socket = new FakeSocket(this);
    this.sockets.push(socket);
    return socket;
  }
  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }
  get own(): Seat {
    return seatOf(this.conference, this.#own)!;
  }
  all<Type extends ClientMessage['type']>(type: Type): Extract<ClientMessage, { type: Type }>[] {
    return this.received.filter((message) => message.type === type) as Extract<ClientMessage, { type: Type }>[];
  }

  happen(event: Event): void {
    const happened: Happened = { type: 'happened', sequence: ++this.#sequence, event };
    this.#log.push(happened);
    ({ conference: this.conference } = follow({ sequence: 0, conference: this.conference }, happened));
    this.socket.say(happened);
  }
  microphone(open: boolean, by: 'self' | 'chair', granted = false): void {
    this.happen({ type: 'microphone_changed', seat: this.#own, microphone: { open, closed_by: open ? 'nobody' : by, granted } });
  }
  bye(code: ByeCode): void {
    this.socket.say({ type: 'bye', code, message: '' });
    this.socket.lose();
  }
  // It goes down; what was there is gone but for the record.
  stop(): void {
    this.bye('draining');
    this.up = false;
    this.#joined = false;
    if (this.keepsRecord) return this.happen({ type: 'sends_changed', seat: this.#own, sends: [] });
    this.forget();
    this.#sequence = 0;
    this.conference = { ...this.conference, seats: this.conference.seats.map(({ id, role }) => emptySeat(id, { role })) };
  }
  // Who was there longer ago than the server keeps seats.
  forget(): void {
    this.#session += 1;
    this.#joined = false;
  }
  // The log no longer reaches back to what the page knows.
  forgetLog(): void {
    this.#log = [];
  }

  take(message: ClientMessage, socket: FakeSocket): void {
    this.received.push(message);
    if (this.silent.has(message.type)) return;
    const refusal = this.refusals.findIndex(([type]) => type === message.type);
    const reply = (answer: ServerMessage) => setTimeout(() => socket.say(answer), lagMs);
    if (refusal >= 0) {
      const [[, code]] = this.refusals.splice(refusal, 1) as [[string, RefusalCode]];
      reply({ type: 'refused', ...('id' in message ? { id: message.id } : {}), code, message: '' });
      if (message.type === 'hello') reply({ type: 'bye', code: 'refused', message: '' });
      return;
    }
    if (message.type === 'hello') return this.#greet(message, socket);
    if (message.type === 'ping') return void reply({ type: 'pong' });
    if (message.type === 'join') return void reply(this.#join(message));
    if (message.type === 'restart_ice') return void reply({ type: 'ice_restarted', id: message.id, fragment: 'a=ice-ufrag:server-2\r\na=ice-pwd:server-secret-2\r\n' });
    this.#carryOut(message);
    reply({ type: 'done', id: message.id });
  }

  #greet({ resume }: Hello, socket: FakeSocket): void {
    const resumed = resume?.session === `session-${this.#session}`;
    const tail = this.#log.filter(({ sequence }) => sequence > (resume?.sequence ?? 0));
    const whole = !resumed || tail[0]?.sequence !== resume.sequence + 1;
    const welcome = { version: 1, session: `session-${this.#session}`, seat: this.#own, role: this.role, may: this.may, resumed, joined: this.#joined, max_tiles: 25, ice_servers: [] } as const;
    socket.say({ type: 'welcome', ...welcome, may: this.may, ice_servers: [] });
    if (!this.own.present) this.happen({ type: 'joined', seat: this.#own });
    if (whole && resume?.sequence !== this.#sequence) socket.say({ type: 'snapshot', sequence: this.#sequence, conference: this.conference });
    else for (const happened of tail) socket.say(happened);
  }

  #join(message: Join): ServerMessage {
    this.#joined = true;
    const { microphone, camera } = this.own;
    if (message.microphone && !microphone.open) this.microphone(true, 'self');
    if (message.camera && !camera.open) this.happen({ type: 'camera_changed', seat: this.#own, camera: { open: true, closed_by: 'nobody' } });
    this.happen({ type: 'sends_changed', seat: this.#own, sends: message.sends.map(({ use }) => use) });
    const answer = `v=0\r\n${message.sends.map(({ mid }) => `m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:${mid}\r\n`).join('')}a=ice-ufrag:server-1\r\na=ice-pwd:server-secret-1\r\n`;
    return { type: 'answer', id: message.id, answer, slots: message.slots.map(({ mid, use }, slot) => ({ slot, mid, use })) };
  }

  #carryOut(message: ClientMessage): void {
    if (message.type === 'open_microphone' || message.type === 'close_microphone') this.microphone(message.type === 'open_microphone', 'self');
    else if (message.type === 'share_slides') this.happen({ type: 'slides_changed', ...(message.sharing ? { seat: this.#own } : {}) });
    else if (message.type === 'leave') this.socket.lose();
  }
}
