// What the service worker fetches ahead must not stand in the way of the first pictures on a weak line.
const calmMs = 10_000;

export function keepShell(): void {
  if (!import.meta.env.PROD) return;
  // Refused in private windows, and where the certificate is not trusted: the page works as well without.
  setTimeout(() => void navigator.serviceWorker?.register('/sw.js').catch(() => undefined), calmMs);
}
