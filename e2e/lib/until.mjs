// Tests wait for a state, with a ceiling, and say how long it took. They never sleep and hope.

const pollMs = 100;

/**
 * @template T
 * @param {string} what for the message when it does not come
 * @param {() => T | Promise<T>} look
 * @param {{ ceiling?: number, note?: (line: string) => void }} [options]
 * @returns {Promise<NonNullable<T>>} the first truthy value
 */
export async function until(what, look, { ceiling = 20_000, note } = {}) {
  const began = performance.now();
  let last;
  for (;;) {
    last = await look();
    const took = performance.now() - began;
    if (last) {
      note?.(`${what}: ${(took / 1000).toFixed(2)} s`);
      return last;
    }
    if (took > ceiling) throw new Error(`${what}: not within ${ceiling / 1000} s (last seen: ${JSON.stringify(last)})`);
    await new Promise((done) => setTimeout(done, pollMs));
  }
}
