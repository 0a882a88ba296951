// `window.bridgehall`: a handle to look at a running page from the browser's console and from the end-to-end tests. It can be read,
// not changed; nothing in the page depends on it.
//   bridgehall.state            of the media session: 'connected', 'reconnecting', … (SessionState, MediaState)
//   bridgehall.peerConnection   the present RTCPeerConnection or null: getStats(), restartIce()
//   bridgehall.sessions         how many sessions the page has made so far
declare global {
  interface Window {
    readonly bridgehall: { readonly state: string; readonly peerConnection: RTCPeerConnection | null; readonly sessions: number };
  }
}

interface Shown {
  readonly state: { readonly kind: string };
  readonly connection: RTCPeerConnection | null;
  readonly made: number;
}

let shown: Shown | null = null;

export function showSession(session: Shown): void {
  shown = session;
}

const handle = Object.freeze({
  get state() {
    return shown?.state.kind ?? 'idle';
  },
  get peerConnection() {
    return shown?.connection ?? null;
  },
  get sessions() {
    return shown?.made ?? 0;
  },
});

export function offerHandle(): void {
  Object.defineProperty(window, 'bridgehall', { value: handle, writable: false, configurable: false, enumerable: true });
}
