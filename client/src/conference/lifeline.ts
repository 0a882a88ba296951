// Keeps the WebSocket to the conference alive: what to do next, and when. Pure: inputs and the time go in, acts are polled out;
// session.svelte.ts carries them out.
//   idle → exchanging (invitation → token) → opening (socket) → greeting (hello) → live → waiting → exchanging or opening → …
import type { ByeCode, RefusalCode } from '../api/messages';
import { judge, type Problem } from '../api/problem';
import { Backoff } from '../media/backoff';

export type Ending =
  | { why: 'left' | 'replaced' | 'removed' | 'revoked' }
  | { why: 'refused'; code: RefusalCode }
  | { why: 'problem'; problem: Problem };

export type LifelineState =
  | { kind: 'idle' | 'exchanging' | 'opening' | 'greeting' | 'live' }
  | { kind: 'waiting'; untilMs: number }
  | { kind: 'over'; ending: Ending };

export type LifelineAct = 'exchange' | 'open' | 'hello' | 'ping' | 'close' | 'reload';

// A server that starts again is back in a second or two, and everyone is to be back within five: the first waits are short, and
// none is longer than two seconds.
const waits = { firstMs: 250, longestMs: 2_000 };
const pingEveryMs = 2_000;
const silentMs = 5_000;
const doubtedMs = 1_500;
// From opening the socket to welcome, on any line that carries a conference.
const greetMs = 5_000;
// A token is not used in its last seconds: it would expire on the way.
const tokenMarginMs = 15_000;
const settledMs = 5_000;

const passing: readonly RefusalCode[] = ['full', 'too_fast', 'busy', 'draining', 'not_connected'];

export class Lifeline {
  #state: LifelineState = { kind: 'idle' };
  #acts: LifelineAct[] = [];
  #tokenUntilMs = -Infinity;
  #deadlineMs = Infinity; // of the present state
  #pingAtMs = Infinity;
  #liveSinceMs = 0;
  #reloaded: boolean;
  #restarting = false;
  #failing = false;
  readonly #backoff: Backoff;

  // `reloaded`: this page was loaded anew already because its version was old; once is enough.
  constructor(random: () => number, reloaded: boolean) {
    this.#backoff = new Backoff(random, waits);
    this.#reloaded = reloaded;
  }

  get state(): LifelineState {
    return this.#state;
  }

  // The server said that it goes down to start again, and has not been back since.
  get restarting(): boolean {
    return this.#restarting;
  }

  // At the last try nobody answered.
  get failing(): boolean {
    return this.#failing;
  }

  poll(): LifelineAct | undefined {
    return this.#acts.shift();
  }

  nextDeadline(): number {
    return Math.min(this.#deadlineMs, this.#pingAtMs);
  }

  start(nowMs: number): void {
    this.#backoff.reset();
    this.#begin(nowMs);
  }

  stop(): void {
    this.#end({ why: 'left' });
  }

  // The network is back, or somebody looks at the page again: no need to wait.
  nudge(nowMs: number): void {
    if (this.#state.kind === 'waiting') this.#begin(nowMs);
    else if (this.#state.kind === 'live') this.#pingAtMs = nowMs;
  }

  // The media path is dead: if the network has changed, so is the socket, of which nobody would tell for long.
  doubt(nowMs: number): void {
    if (this.#state.kind !== 'live') return;
    this.#pingAtMs = nowMs;
    this.#deadlineMs = Math.min(this.#deadlineMs, nowMs + doubtedMs);
  }

  exchanged(nowMs: number, expiresInMs: number): void {
    this.#tokenUntilMs = nowMs + expiresInMs - tokenMarginMs;
    if (this.#state.kind === 'exchanging') this.#open(nowMs);
  }

  exchangeFailed(nowMs: number, problem: Problem): void {
    if (this.#state.kind !== 'exchanging') return;
    this.#failing = problem.status === 0;
    if (judge(problem) === 'final') this.#end({ why: 'problem', problem });
    else this.#wait(nowMs, problem.retryAfterSeconds);
  }

  opened(nowMs: number): void {
    if (this.#state.kind !== 'opening') return;
    this.#become({ kind: 'greeting' }, nowMs + greetMs);
    this.#acts.push('hello');
  }

  welcomed(nowMs: number): void {
    if (this.#state.kind !== 'greeting') return;
    this.#become({ kind: 'live' }, nowMs + silentMs);
    this.#pingAtMs = nowMs + pingEveryMs;
    this.#liveSinceMs = nowMs;
    this.#reloaded = this.#restarting = this.#failing = false;
  }

  // Any message shows that the connection is alive.
  heard(nowMs: number): void {
    if (this.#state.kind === 'live') this.#deadlineMs = nowMs + silentMs;
  }

  // Of hello; a command's refusal is the command's affair.
  refused(nowMs: number, code: RefusalCode): void {
    if (this.#state.kind !== 'greeting') return;
    if (code === 'wrong_version' && !this.#reloaded) {
      this.#become({ kind: 'idle' }, Infinity);
      this.#acts.push('close', 'reload');
    } else if (code === 'token_expired' || code === 'token_invalid') {
      // A server that started anew may have another key.
      this.#tokenUntilMs = -Infinity;
      this.#drop(nowMs);
    } else if (passing.includes(code)) {
      this.#restarting ||= code === 'draining';
      this.#drop(nowMs);
    } else {
      this.#end({ why: 'refused', code });
    }
  }

  bye(nowMs: number, code: ByeCode): void {
    if (this.#state.kind === 'over') return;
    switch (code) {
      case 'replaced':
      case 'removed':
      case 'revoked':
        return this.#end({ why: code });
      case 'refused': // its reason has come before, as a message of its own
      case 'too_slow':
      case 'too_fast':
      case 'draining':
        this.#restarting ||= code === 'draining';
        if (this.#state.kind === 'live' || this.#state.kind === 'greeting') this.#drop(nowMs);
    }
  }

  // The server no longer has the session that it welcomed: another hello makes a new one.
  sessionEnded(nowMs: number): void {
    if (this.#state.kind === 'live') this.#drop(nowMs);
  }

  closed(nowMs: number): void {
    if (this.#state.kind === 'opening' || this.#state.kind === 'greeting' || this.#state.kind === 'live') this.#drop(nowMs);
  }

  tick(nowMs: number): void {
    if (nowMs >= this.#pingAtMs) {
      this.#acts.push('ping');
      this.#pingAtMs = nowMs + pingEveryMs;
    }
    if (nowMs < this.#deadlineMs) return;
    if (this.#state.kind === 'waiting') this.#begin(nowMs);
    else this.#drop(nowMs);
  }

  #begin(nowMs: number): void {
    if (nowMs < this.#tokenUntilMs) return this.#open(nowMs);
    this.#become({ kind: 'exchanging' }, Infinity); // the request has a ceiling of its own
    this.#acts.push('exchange');
  }

  #open(nowMs: number): void {
    this.#become({ kind: 'opening' }, nowMs + greetMs);
    this.#acts.push('open');
  }

  #drop(nowMs: number): void {
    this.#failing = this.#state.kind === 'opening';
    if (this.#state.kind === 'live' && nowMs - this.#liveSinceMs > settledMs) this.#backoff.reset();
    this.#acts.push('close');
    this.#wait(nowMs, null);
  }

  #wait(nowMs: number, askedSeconds: number | null): void {
    const untilMs = nowMs + this.#backoff.next(askedSeconds);
    this.#become({ kind: 'waiting', untilMs }, untilMs);
  }

  #end(ending: Ending): void {
    if (this.#state.kind === 'over') return;
    this.#acts.push('close');
    this.#become({ kind: 'over', ending }, Infinity);
  }

  #become(state: LifelineState, deadlineMs: number): void {
    this.#state = state;
    this.#deadlineMs = deadlineMs;
    this.#pingAtMs = Infinity;
  }
}
