// The server no longer speaks this page's version, so nothing can be shown until the new page is loaded: that is the one case in which
// the hall's screen loads itself, and only once the server answers, since a browser's own error page would stay for ever. Nobody is
// taken off the screen by it, as the server has let nobody onto it. Loading at once would leave no time to read why.
import { sleep } from '../media/backoff';

const readMs = 5_000;
const retryMs = 2_000;

export async function loadNewVersion(signal: AbortSignal): Promise<void> {
  for (let wait = readMs; ; wait = retryMs) {
    await sleep(wait, signal);
    const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store', credentials: 'omit', signal }).catch(() => null);
    if (answer?.ok) break;
  }
  location.reload();
}
