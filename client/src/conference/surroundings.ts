// What of the browser a session uses, so that tests can stand in for it. Time is not here: tests turn the clock of the timers.
import { exchangeInvitation, type Admission } from '../api/invitations';

export interface Peers {
  connect(configuration: RTCConfiguration): RTCPeerConnection;
  codecs(kind: 'audio' | 'video'): RTCRtpCodec[];
  newStream(): MediaStream;
}

export interface Surroundings {
  readonly window: Pick<Window, 'addEventListener'>;
  readonly document: Pick<Document, 'addEventListener' | 'visibilityState'>;
  readonly navigator: Pick<Navigator, 'onLine'>;
  readonly location: Pick<Location, 'href' | 'reload'>;
  readonly peers: Peers;
  readonly random: () => number;
  exchange(invitation: string, signal: AbortSignal): Promise<Admission>;
  openSocket(address: string): WebSocket;
  // Of this tab. Throws in some private modes.
  storage(): Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
}

export const thisBrowser = (): Surroundings => ({
  window,
  document,
  navigator,
  location,
  peers: {
    connect: (configuration) => new RTCPeerConnection(configuration),
    codecs: (kind) => RTCRtpReceiver.getCapabilities(kind)?.codecs ?? [],
    newStream: () => new MediaStream(),
  },
  random: Math.random,
  exchange: exchangeInvitation,
  openSocket: (address) => new WebSocket(address),
  storage: () => sessionStorage,
});
