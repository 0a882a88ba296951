// An RTCPeerConnection without a network: it offers and answers, and is connected, lost and heard as a test says.
const lagMs = 20;
let tracks = 0;

export class FakeTrack extends EventTarget {
  readonly kind: string;
  readonly id = `track-${++tracks}`;
  readonly label = '';
  enabled = true;
  readyState: 'live' | 'ended' = 'live';
  contentHint = '';
  constructor(kind: string) {
    super();
    this.kind = kind;
  }
  getSettings(): MediaTrackSettings {
    return this.kind === 'video' ? { width: 1280, height: 720 } : {};
  }
  stop(): void {
    this.readyState = 'ended';
  }
}

class FakeTransceiver {
  mid: string | null = null;
  readonly kind: string;
  readonly direction: string;
  readonly receiver: { track: FakeTrack; transport: { state: string; onstatechange: (() => void) | null } };
  readonly sender: { track: FakeTrack | null; replaceTrack(track: FakeTrack | null): Promise<void>; getParameters(): { encodings: RTCRtpEncodingParameters[] }; setParameters(): Promise<void> };

  constructor(kind: string, { direction, sendEncodings }: RTCRtpTransceiverInit, transport: { state: string; onstatechange: (() => void) | null }) {
    this.kind = kind;
    this.direction = direction ?? 'sendrecv';
    this.receiver = { track: new FakeTrack(kind), transport };
    this.sender = {
      track: null,
      replaceTrack(track) {
        this.track = track;
        return Promise.resolve();
      },
      getParameters: () => ({ encodings: structuredClone(sendEncodings ?? []) }),
      setParameters: () => Promise.resolve(),
    };
  }
  setCodecPreferences(): void {}
}

export class FakeConnection extends EventTarget {
  configuration: RTCConfiguration;
  connectionState: RTCPeerConnectionState = 'new';
  signalingState: RTCSignalingState = 'stable';
  remoteDescription: { sdp: string } | null = null;
  readonly transceivers: FakeTransceiver[] = [];
  // Packets get through; false: nothing comes any more and checks stay unanswered.
  reached = true;
  readonly #transport = { state: 'connected', onstatechange: null as (() => void) | null };
  #generation = 1;
  readonly #counted = { received: 0, asked: 0, answered: 0 };

  constructor(configuration: RTCConfiguration) {
    super();
    this.configuration = configuration;
  }

  addTransceiver(kind: string, init: RTCRtpTransceiverInit): FakeTransceiver {
    const transceiver = new FakeTransceiver(kind, init, this.#transport);
    this.transceivers.push(transceiver);
    return transceiver;
  }
  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }
  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }
  restartIce(): void {
    this.#generation += 1;
  }
  createOffer(): Promise<{ type: 'offer'; sdp: string }> {
    const sections = this.transceivers.map(
      ({ kind, direction }, index) => `m=${kind} 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:${index}\r\na=${direction}\r\na=ice-ufrag:page-${this.#generation}\r\na=ice-pwd:secret-${this.#generation}\r\n`,
    );
    return Promise.resolve({ type: 'offer', sdp: `v=0\r\n${sections.join('')}` });
  }
  setLocalDescription(): Promise<void> {
    for (const [index, transceiver] of this.transceivers.entries()) transceiver.mid = String(index);
    this.signalingState = 'have-local-offer';
    this.dispatchEvent(new Event('signalingstatechange'));
    return Promise.resolve();
  }
  setRemoteDescription({ sdp }: { sdp: string }): Promise<void> {
    this.remoteDescription = { sdp };
    this.signalingState = 'stable';
    setTimeout(() => this.reached && this.connectionState !== 'closed' && this.become('connected'), lagMs);
    return Promise.resolve();
  }
  getStats(): Promise<Map<string, object>> {
    this.#counted.asked += 1;
    if (this.reached) {
      this.#counted.answered += 1;
      this.#counted.received += 50;
    }
    const { received, asked, answered } = this.#counted;
    return Promise.resolve(
      new Map<string, object>([
        ['transport', { id: 'transport', type: 'transport', selectedCandidatePairId: 'pair', packetsReceived: received }],
        ['pair', { id: 'pair', type: 'candidate-pair', requestsSent: asked, responsesReceived: answered }],
      ]),
    );
  }
  close(): void {
    this.connectionState = 'closed';
    this.signalingState = 'closed';
  }

  become(state: RTCPeerConnectionState): void {
    if (this.connectionState === state) return;
    this.connectionState = state;
    this.dispatchEvent(new Event('connectionstatechange'));
  }
  // The server's DTLS close_notify.
  farewell(): void {
    this.#transport.state = 'closed';
    this.#transport.onstatechange?.();
  }
  // What is sent now, by m-line.
  get sent(): (FakeTrack | null)[] {
    return this.transceivers.map(({ sender }) => sender.track);
  }
}
