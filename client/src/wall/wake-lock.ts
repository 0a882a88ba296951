// Keeps the screen from going dark. A browser takes the lock back when the page is hidden, and may refuse it or take it back when the
// battery is low: it is asked for again as soon as the page is seen, and every half minute. Absent where the page is not secure
// (neither https nor localhost).
const askEveryMs = 30_000;

export function keepAwake(): () => void {
  const ended = new AbortController();
  let lock: WakeLockSentinel | null = null;

  async function ask(): Promise<void> {
    if (document.visibilityState !== 'visible' || (lock && !lock.released)) return;
    const given = await navigator.wakeLock?.request('screen').catch(() => null);
    if (ended.signal.aborted) void given?.release();
    else lock = given ?? null;
  }

  document.addEventListener('visibilitychange', () => void ask(), { signal: ended.signal });
  const timer = setInterval(() => void ask(), askEveryMs);
  void ask();
  return () => {
    ended.abort();
    clearInterval(timer);
    void lock?.release();
  };
}
