// How long to wait before the next attempt: doubling (from half a second to eight, unless asked otherwise), spread at random over
// the upper half so that a hall full of pages does not return in step after an outage. Randomness is handed in.

export interface Waits {
  firstMs: number;
  longestMs: number;
}

// A server that asks for more than this is asking for a person's decision, not for a timer.
const longestAskedMs = 60_000;

export class Backoff {
  #attempt = 0;
  readonly #random: () => number;
  readonly #waits: Waits;

  constructor(random: () => number = Math.random, waits: Waits = { firstMs: 500, longestMs: 8_000 }) {
    this.#random = random;
    this.#waits = waits;
  }

  // `askedSeconds`: the server's Retry-After, which is the least we wait.
  next(askedSeconds: number | null = null): number {
    const ceiling = Math.min(this.#waits.longestMs, this.#waits.firstMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 10);
    const spread = ceiling / 2 + (ceiling / 2) * this.#random();
    if (askedSeconds === null) return Math.round(spread);
    const asked = Math.min(askedSeconds * 1000, longestAskedMs);
    return Math.round(asked + spread / 2);
  }

  reset(): void {
    this.#attempt = 0;
  }
}

export function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal.addEventListener('abort', stop, { once: true });
  });
}
