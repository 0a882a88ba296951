// Sees by the wall clock that this device, or the page, has slept: then the time between two looks is far longer than it should be.
// A page on a busy machine is late too, but not by that much. Pure.
const asleepMs = 20_000;

export class SleepWatch {
  #lastMs: number;

  constructor(wallMs: number) {
    this.#lastMs = wallMs;
  }

  // Once after each sleep.
  woke(wallMs: number): boolean {
    const slept = wallMs - this.#lastMs >= asleepMs;
    this.#lastMs = wallMs;
    return slept;
  }
}
