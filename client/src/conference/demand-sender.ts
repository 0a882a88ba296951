// Asks the server for what the page wants to see: once the page has come to rest, only what has changed, and again when it was not
// answered.
import type { SlotDemand } from '../api/messages';
import { demandChanges } from './demand';

const restMs = 200;
const retryMs = 1_000;

type Demands = ReadonlyMap<number, SlotDemand>;

export class DemandSender {
  readonly #send: (slots: SlotDemand[]) => Promise<unknown>;
  readonly #ready: () => boolean;
  #wanted: Demands = new Map();
  #asked: Demands = new Map();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #ended = false;

  // `ready`: whether there are slots to ask for. Whoever makes them ready calls soon().
  constructor(send: (slots: SlotDemand[]) => Promise<unknown>, ready: () => boolean) {
    this.#send = send;
    this.#ready = ready;
  }

  want(wanted: Demands): void {
    this.#wanted = wanted;
    this.soon();
  }

  // Nothing was asked of the slots that there are now.
  forget(): void {
    this.#asked = new Map();
  }

  soon(delayMs = restMs): void {
    clearTimeout(this.#timer);
    if (!this.#ended) this.#timer = setTimeout(() => void this.#ask(), delayMs);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  async #ask(): Promise<void> {
    if (!this.#ready()) return;
    const changes = demandChanges(this.#asked, this.#wanted);
    if (changes.length === 0) return;
    const before = this.#asked;
    const asked = new Map([...before, ...changes.map((change) => [change.slot, change] as const)]);
    this.#asked = asked;
    try {
      await this.#send(changes);
    } catch {
      if (this.#asked === asked) this.#asked = before;
      this.soon(retryMs);
    }
  }
}
