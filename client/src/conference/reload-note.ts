// Whether this tab has loaded the page anew for a new version of it: once is enough. Where nothing can be kept, an old page is not
// loaded anew, and says so.
type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const key = 'bridgehall.reloaded';

export class ReloadNote {
  readonly #storage: () => Kept;

  constructor(storage: () => Kept) {
    this.#storage = storage;
  }

  get reloaded(): boolean {
    try {
      return this.#storage().getItem(key) !== null;
    } catch {
      return true;
    }
  }

  write(reloaded: boolean): void {
    try {
      if (reloaded) this.#storage().setItem(key, '1');
      else this.#storage().removeItem(key);
    } catch {
      // As if it had been loaded anew.
    }
  }
}
