// Sees that the way to the server is dead before the browser says so, which takes it five seconds and more: nothing comes any more,
// and its own checks stay unanswered. Silence alone proves nothing, as everyone may have closed microphone and camera. Pure: samples go in.
export interface PathSample {
  received: number; // packets of media and feedback, of the whole connection
  asked: number; // checks sent on the path in use
  answered: number; // and answers to them
}
export type PathNews = 'dead' | 'answers' | null;

export const samplePathEveryMs = 1_000;
const silentMs = 1_000;
const unanswered = 2; // the latest may be on its way

export class PathWatch {
  #last: PathSample | null = null;
  #heardMs = 0;
  #askedWhenAnswered = 0;
  #dead = false;

  // dead: once, when it is. answers: when it was and is no more, on this path or on another one.
  sample(nowMs: number, now: PathSample): PathNews {
    const last = this.#last;
    this.#last = now;
    const another = last !== null && (now.asked < last.asked || now.answered < last.answered);
    const answered = last === null || now.answered !== last.answered;
    if (answered || another) this.#askedWhenAnswered = now.asked;
    if (answered || now.received !== last.received) this.#heardMs = nowMs;
    if (this.#dead) {
      if (last === null || now.answered <= (another ? 0 : last.answered)) return null;
      this.#dead = false;
      return 'answers';
    }
    if (nowMs - this.#heardMs < silentMs || now.asked - this.#askedWhenAnswered < unanswered) return null;
    this.#dead = true;
    return 'dead';
  }
}

// What the browser counts of its path; null where it does not (Firefox), or has none.
export function readPath(report: RTCStatsReport): PathSample | null {
  const all = [...report.values()] as Record<string, unknown>[];
  const transport = all.find(({ type }) => type === 'transport');
  const pair = all.find(({ type, id }) => type === 'candidate-pair' && id === transport?.['selectedCandidatePairId']);
  const [received, asked, answered] = [transport?.['packetsReceived'], pair?.['requestsSent'], pair?.['responsesReceived']];
  if (typeof received !== 'number' || typeof asked !== 'number' || typeof answered !== 'number') return null;
  return { received, asked, answered };
}
