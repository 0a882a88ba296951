// Keeps the screen from going dark. A browser takes the lock back when the page is hidden, and may do so when the battery is low: it
// is asked for again as soon as the page is seen. Absent where the page is not secure (neither https nor localhost).
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
  void ask();
  return () => {
    ended.abort();
    void lock?.release();
  };
}
