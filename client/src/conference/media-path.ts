// Keeps pictures and sound going over one RTCPeerConnection: when to join, when to restart ICE, when only a new join can help.
// Pure, like lifeline.ts. It acts only while the signalling is live: without it nothing can be asked for.
import type { RefusalCode } from '../api/messages';
import { Backoff } from '../media/backoff';

export type MediaState =
  | { kind: 'none' } // nothing asked for yet
  | { kind: 'joining' } // asked, not answered
  | { kind: 'connecting' } // answered, no way found yet
  | { kind: 'connected' }
  | { kind: 'disturbed' } // was connected; may heal by itself
  | { kind: 'restarting' } // a new way is looked for
  | { kind: 'waiting' } // before the next join
  | { kind: 'refused'; code: RefusalCode | 'browser' };

// first: the person's own choice. again: the media path was lost while the server knew us, so the microphone stays as it is.
// more: nothing is wrong, there is more to be sent than was offered. afterwards: the server no longer knew us, so the microphone stays
// closed until somebody opens it.
export type JoinKind = 'first' | 'again' | 'more' | 'afterwards';
export type MediaAct = { do: 'join'; kind: JoinKind } | { do: 'restart_ice' };

// A short gap heals by itself.
const disturbedMs = 2_500;
// Longer than a restart takes on any line that works.
const restartMs = 5_000;
const joinMs = 8_000;
const connectMs = 8_000;

const passing: readonly RefusalCode[] = ['full', 'too_fast', 'busy', 'draining', 'already_joined', 'not_connected', 'not_joined', 'not_recorded'];

export class MediaPath {
  #state: MediaState = { kind: 'none' };
  #acts: MediaAct[] = [];
  #deadlineMs = Infinity;
  #live = false;
  #kind: JoinKind = 'first';
  #restarts = true; // false once a restart was refused
  readonly #backoff: Backoff;

  constructor(random: () => number) {
    this.#backoff = new Backoff(random, { firstMs: 250, longestMs: 4_000 });
  }

  get state(): MediaState {
    return this.#state;
  }

  poll(): MediaAct | undefined {
    return this.#acts.shift();
  }

  nextDeadline(): number {
    return this.#live ? this.#deadlineMs : Infinity;
  }

  // The server has said what it knows of us.
  welcomed(nowMs: number, { joined, resumed }: { joined: boolean; resumed: boolean }): void {
    this.#live = true;
    switch (this.#state.kind) {
      case 'none':
        return this.#join(nowMs, 'first');
      case 'refused':
        return;
      case 'joining': // the answer was lost with the socket
      case 'waiting':
        return this.#join(nowMs, resumed || this.#kind === 'first' ? this.#kind : 'afterwards');
      default:
        if (!joined) return this.#join(nowMs, resumed ? 'again' : 'afterwards');
        if (this.#state.kind !== 'connected') this.#restart(nowMs);
    }
  }

  signallingLost(): void {
    this.#live = false;
  }

  answered(nowMs: number): void {
    if (this.#state.kind === 'joining') this.#become({ kind: 'connecting' }, nowMs + connectMs);
  }

  joinRefused(nowMs: number, code: RefusalCode | 'browser'): void {
    if (this.#state.kind !== 'joining') return;
    if (code !== 'browser' && passing.includes(code)) this.#wait(nowMs);
    else this.#become({ kind: 'refused', code }, Infinity);
  }

  restartRefused(nowMs: number): void {
    if (this.#state.kind !== 'restarting') return;
    this.#restarts = false;
    this.#join(nowMs, 'again');
  }

  path(nowMs: number, path: RTCPeerConnectionState): void {
    const { kind } = this.#state;
    if (kind !== 'connecting' && kind !== 'connected' && kind !== 'disturbed' && kind !== 'restarting') return;
    if (path === 'connected') {
      this.#backoff.reset();
      this.#become({ kind: 'connected' }, Infinity);
    } else if (path === 'disconnected') {
      if (kind === 'connected') this.#become({ kind: 'disturbed' }, nowMs + disturbedMs);
    } else if (path === 'failed') {
      if (kind === 'connected' || kind === 'disturbed') this.#restart(nowMs);
    } else if (path === 'closed') {
      // The server said goodbye. If it is going down, the socket goes too, and all is made anew when it is back.
      this.#kind = 'again';
      this.#wait(nowMs);
    }
  }

  // The watch over the path has seen that it is dead; the browser will say so later.
  dead(nowMs: number): void {
    if (this.#state.kind === 'connected' || this.#state.kind === 'disturbed') this.#restart(nowMs);
  }

  // ... and that it answers again, of which the browser may say nothing when it has not noticed yet.
  answers(nowMs: number): void {
    if (this.#state.kind === 'disturbed' || this.#state.kind === 'restarting') this.path(nowMs, 'connected');
  }

  // A room has another camera than those it joined with.
  offerMore(nowMs: number): void {
    if (this.#live && this.#state.kind !== 'refused') this.#join(nowMs, 'more');
  }

  // Somebody asks for another try.
  retry(nowMs: number): void {
    if (this.#state.kind === 'refused' && this.#live) this.#join(nowMs, this.#kind);
  }

  tick(nowMs: number): void {
    if (!this.#live || nowMs < this.#deadlineMs) return;
    switch (this.#state.kind) {
      case 'disturbed':
        return this.#restart(nowMs);
      case 'waiting':
        return this.#join(nowMs, this.#kind);
      case 'connecting':
      case 'restarting':
        return this.#join(nowMs, 'again');
      case 'joining':
        return this.#wait(nowMs);
    }
  }

  #restart(nowMs: number): void {
    if (!this.#live) return this.#become({ kind: 'disturbed' }, nowMs);
    if (!this.#restarts) return this.#join(nowMs, 'again');
    this.#become({ kind: 'restarting' }, nowMs + restartMs);
    this.#acts.push({ do: 'restart_ice' });
  }

  #join(nowMs: number, kind: JoinKind): void {
    this.#kind = kind;
    this.#restarts = true;
    this.#become({ kind: 'joining' }, nowMs + joinMs);
    this.#acts.push({ do: 'join', kind });
  }

  #wait(nowMs: number): void {
    this.#become({ kind: 'waiting' }, nowMs + this.#backoff.next());
  }

  #become(state: MediaState, deadlineMs: number): void {
    this.#state = state;
    this.#deadlineMs = deadlineMs;
  }
}
