// A page without pictures that asks for one thing after another, and remembers what it was told: what was acknowledged,
// what may or may not have happened, which event had which number. It outlives the server: after each restart it comes
// back as pages do.
import { TextSocket } from './text_socket.mjs';

const fingerprint = Array(32).fill('AB').join(':');
// One microphone; nothing ever connects to it.
const offer = [
  'v=0', 'o=- 1 2 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=group:BUNDLE 0', 'a=ice-ufrag:EsAw', 'a=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1',
  'a=setup:actpass', `a=fingerprint:sha-256 ${fingerprint}`, 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'c=IN IP4 0.0.0.0', 'a=rtcp-mux', 'a=mid:0',
  'a=sendonly', 'a=rtpmap:111 opus/48000/2', '',
].join('\r\n');

const kinds = ['contribution', 'reply', 'point_of_order', 'technical'];

export class Commander {
  /** @param {number} port @param {string} seat @param {string} token @param {{ pipelined?: number, gates?: boolean }} [wishes] commands that may wait for their answer; whether it does more than say things */
  constructor(port, seat, token, { pipelined = 6, gates = true } = {}) {
    this.port = port;
    this.seat = seat;
    this.token = token;
    this.pipelined = pipelined;
    this.gates = gates;
    this.session = '';
    this.connected = false;
    this.sequence = 0;
    this.number = 0;
    this.said = 0;
    /** @type {Map<number, { what: string, value: unknown }>} what waits for its answer, by id */
    this.asked = new Map();
    /** @type {Map<number, (message: { type: string, code?: string }) => void>} */
    this.answers = new Map();
    /** Acknowledged messages, in their order. @type {string[]} */
    this.acknowledged = [];
    /** Messages that were never answered: there once or not at all. @type {Set<string>} */
    this.uncertain = new Set();
    /** The own hand and microphone as they must be; undefined: an unanswered command may have changed it. @type {Record<string, unknown>} */
    this.settled = {};
    /** @type {Map<number, string>} every event that was told */
    this.told = new Map();
    /** @type {string[]} */
    this.faults = [];
    /** What the chair was told of the record last. */
    this.trouble = undefined;
    this.resumed = 0;
    this.snapshots = 0;
  }

  /** Resolves with the milliseconds until the server's welcome; again and again until there is one. */
  arrive() {
    const began = performance.now();
    return new Promise((done) => {
      const dial = () => {
        this.connected = true;
        this.socket = new TextSocket(this.port, '/api/conferences/demo/signalling', {
          text: (text) => this.take(JSON.parse(text)),
          closed: () => {
            this.connected = false;
            this.forget();
            if (this.onWelcome) setTimeout(dial, 2);
            else this.onClosed?.();
          },
        });
        const resume = this.session ? { resume: { session: this.session, sequence: this.sequence } } : {};
        this.socket.send({ type: 'hello', version: 1, token: this.token, ...resume });
      };
      this.onWelcome = () => {
        this.onWelcome = undefined;
        done(performance.now() - began);
      };
      dial();
    });
  }

  /** Until the connection is gone. */
  gone() {
    return new Promise((done) => {
      if (!this.connected) return done(undefined);
      this.onClosed = () => done(undefined);
    });
  }

  leave() {
    this.socket.close();
    return this.gone();
  }

  ask(type, fields, what, value) {
    const id = ++this.number;
    this.asked.set(id, { what, value });
    if (what in this.settled) delete this.settled[what];
    this.socket.send({ type, id, ...fields });
    return id;
  }

  /** @param {string} type @param {object} fields @returns {Promise<{ type: string, code?: string }>} its answer */
  answerTo(type, fields) {
    const id = this.ask(type, fields, 'single', type);
    return new Promise((done) => this.answers.set(id, done));
  }

  waitsFor(what) {
    return [...this.asked.values()].some((asked) => asked.what === what);
  }

  /** As many as may wait. */
  work() {
    while (this.asked.size < this.pipelined && this.socket.open && this.budget > 0) {
      --this.budget;
      const dice = Math.random();
      if (dice < 0.7 || !this.gates) {
        const text = `${this.seat} ${++this.said}`;
        this.ask('chat', { text, to: 'everyone' }, 'message', text);
      } else if (dice < 0.8) {
        const kind = kinds[Math.floor(Math.random() * kinds.length)];
        this.ask('raise_hand', { kind }, 'hand', kind);
      } else if (dice < 0.9) {
        this.ask('lower_hand', { seat: this.seat }, 'hand', null);
      } else {
        const open = dice < 0.95;
        this.ask(open ? 'open_microphone' : 'close_microphone', { seat: this.seat }, 'microphone', open);
      }
    }
  }

  take(message) {
    if (message.type === 'welcome') return this.welcome(message);
    if (message.type === 'snapshot') {
      ++this.snapshots;
      if (message.sequence < this.sequence) this.faults.push(`${this.seat}: a snapshot at ${message.sequence} after event ${this.sequence}`);
      this.sequence = message.sequence;
      this.conference = message.conference;
    } else if (message.type === 'happened') {
      this.hear(message);
    } else if (message.type === 'done' || message.type === 'answer' || message.type === 'refused') {
      this.settle(message);
    } else if (message.type === 'recording_trouble') {
      this.trouble = message;
    } else if (message.type === 'bye') {
      this.faults.push(`${this.seat}: ${message.code}: ${message.message}`);
    }
  }

  welcome(message) {
    if (this.session && message.resumed) ++this.resumed;
    this.session = message.session;
    this.budget = 55; // 60 at once are taken
    const open = this.settled.microphone === true; // it is left as it was
    if (!message.joined) this.ask('join', { offer, sends: [{ mid: '0', use: 'microphone' }], slots: [], microphone: open, camera: false }, 'microphone', open);
    this.onWelcome?.();
  }

  hear({ sequence, event }) {
    if (sequence <= this.sequence) this.faults.push(`${this.seat}: event ${sequence} after event ${this.sequence}`);
    this.sequence = sequence;
    this.told.set(sequence, JSON.stringify(event));
  }

  settle(message) {
    const asked = this.asked.get(message.id);
    if (!asked) return void this.faults.push(`${this.seat}: an answer to nothing: ${JSON.stringify(message)}`);
    this.asked.delete(message.id);
    this.answers.get(message.id)?.(message);
    this.answers.delete(message.id);
    const others = this.waitsFor(asked.what);
    if (message.type === 'refused') {
      if (asked.what === 'message') this.faults.push(`${this.seat}: ${asked.value} was refused: ${message.code}`);
    } else if (asked.what === 'message') {
      this.acknowledged.push(asked.value);
    } else if (!others) {
      this.settled[asked.what] = asked.value;
    }
    this.onAnswer?.();
  }

  /** What was not answered by the server that is gone. */
  forget() {
    for (const { what, value } of this.asked.values()) if (what === 'message') this.uncertain.add(value);
    this.asked.clear();
  }
}
