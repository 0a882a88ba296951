// Keeps one WHIP or WHEP session up for as long as somebody wants it: makes it, holds it, makes the next one when it is lost.
import { judge, Refused, type Problem } from '../api/problem';
import { Backoff, sleep } from './backoff';
import { PathReporter, type PathReport } from './path-report';
import { openHttpSession, type HttpSession } from './http-session';
import { untilLost } from './until-lost';

export interface KeptSessionPlan {
  endpoint: string;
  token: string;
  prepare: (connection: RTCPeerConnection) => void; // adds the transceivers
  shapeAnswer: (answer: string) => string;
}

export type SessionState =
  | { kind: 'idle' }
  | { kind: 'connecting' }
  | { kind: 'connected' }
  | { kind: 'absent' } // the publication has not begun; asked again until it has
  | { kind: 'reconnecting'; trouble: PathReport | null } // trouble: why the last one did not come about
  | { kind: 'refused'; problem: Problem };

// A session that lasted this long was a good one: the next attempt starts from the shortest wait.
const settledMs = 5_000;

export class KeptSession {
  #state: SessionState = { kind: 'idle' };
  #connection: RTCPeerConnection | null = null;
  #http: HttpSession | null = null;
  #path: PathReporter | null = null;
  #wanted: AbortController | null = null;
  #made = 0;
  readonly #onChange: (state: SessionState) => void;

  constructor(onChange: (state: SessionState) => void) {
    this.#onChange = onChange;
  }

  get state(): SessionState {
    return this.#state;
  }

  get connection(): RTCPeerConnection | null {
    return this.#connection;
  }

  // How many sessions the server has given so far.
  get made(): number {
    return this.#made;
  }

  start(plan: KeptSessionPlan): void {
    this.stop();
    const wanted = new AbortController();
    this.#wanted = wanted;
    void this.#keep(plan, wanted.signal);
  }

  // `leaving`: the page is going away.
  stop(leaving = false): void {
    this.#wanted?.abort();
    this.#wanted = null;
    this.#drop(leaving);
    this.#become({ kind: 'idle' });
  }

  async #keep(plan: KeptSessionPlan, signal: AbortSignal): Promise<void> {
    const backoff = new Backoff();
    this.#become({ kind: 'connecting' });
    while (!signal.aborted) {
      let retryAfterSeconds: number | null = null;
      const began = performance.now();
      try {
        await this.#once(plan, signal);
        if (performance.now() - began > settledMs) backoff.reset();
        this.#become({ kind: 'reconnecting', trouble: await this.#explain() });
      } catch (error) {
        if (signal.aborted) return;
        const problem = problemOf(error);
        retryAfterSeconds = problem.retryAfterSeconds;
        const verdict = judge(problem);
        this.#become(verdict === 'final' ? { kind: 'refused', problem } : verdict === 'absent' ? { kind: 'absent' } : { kind: 'reconnecting', trouble: null });
        if (verdict === 'final') return this.#drop(false);
      }
      this.#drop(false);
      await sleep(backoff.next(retryAfterSeconds), signal).catch(() => undefined);
    }
  }

  // One session from its offer to its loss. The offer is posted before it is applied: an ICE-lite server needs no candidates from
  // us, and its answer may name the ICE servers to gather with.
  async #once(plan: KeptSessionPlan, signal: AbortSignal): Promise<void> {
    const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    this.#connection = connection;
    this.#path = new PathReporter(connection);
    plan.prepare(connection);
    const offer = await connection.createOffer();
    const http = await openHttpSession(plan.endpoint, plan.token, offer.sdp ?? '', signal);
    if (signal.aborted) {
      void http.close();
      signal.throwIfAborted();
    }
    this.#http = http;
    this.#made += 1;
    if (http.iceServers.length > 0) connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: http.iceServers });
    await connection.setLocalDescription(offer);
    await connection.setRemoteDescription({ type: 'answer', sdp: plan.shapeAnswer(http.answer) });
    await untilLost(connection, http, signal, (connected) => {
      if (connected) this.#become({ kind: 'connected' });
      else if (this.#state.kind === 'connected') this.#become({ kind: 'reconnecting', trouble: null });
    });
  }

  #drop(leaving: boolean): void {
    void this.#http?.close(leaving);
    this.#http = null;
    this.#connection?.close();
    this.#connection = null;
  }

  #explain(): Promise<PathReport | null> {
    return this.#path?.report(null).catch(() => null) ?? Promise.resolve(null);
  }

  #become(state: SessionState): void {
    if (this.#state.kind === state.kind && state.kind !== 'refused' && state.kind !== 'reconnecting') return;
    this.#state = state;
    this.#onChange(state);
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof Refused) return error.problem;
  // The browser could not make the offer or take the answer: trying the same again would end the same.
  return { status: -1, title: 'Browser', detail: error instanceof Error ? error.message : String(error), retryAfterSeconds: null };
}
