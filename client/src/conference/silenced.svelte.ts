// Sound that the browser holds back until somebody touches the page.
export class SilencedSound {
  #elements = $state.raw<readonly HTMLAudioElement[]>([]);

  get waits(): boolean {
    return this.#elements.length > 0;
  }

  // Those of media sessions that are over are forgotten.
  readonly add = (element: HTMLAudioElement): void => {
    this.#elements = [...this.#elements.filter(({ isConnected }) => isConnected), element];
  };

  // To be called in the gesture that the browser wants.
  readonly start = (): void => {
    for (const element of this.#elements) void element.play().catch(() => undefined);
    this.#elements = [];
  };
}
