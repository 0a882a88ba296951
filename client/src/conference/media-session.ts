// One RTCPeerConnection to the conference: made with all that it will ever send and receive, offered once. What is sent is put in
// and exchanged by replaceTrack, what is received changes in its slots; neither needs another offer.
import type { AnsweredSlot, Heard, OfferedSlot, SentTrack, SlotUse, TrackUse } from '../api/messages';
import { orderCodecs, type VideoCodec } from '../media/codecs';
import { answerAfterRestart, restartFragment } from '../media/ice-fragment';
import { PathReporter, type PathReport } from '../media/path-report';
import { answeringStereo, hearingStereo, offeringStereo } from '../media/stereo';
import { withStartBitrate } from '../media/whip';
import { cameraEncodings, conferenceCodecs, slidesEncoding, type Plan } from './offer';
import type { Peers } from './surroundings';

export interface SentTracks {
  microphone: MediaStreamTrack | null;
  cameras: readonly (MediaStreamTrack | null)[]; // as many as were there when joining
  slides: MediaStreamTrack | null;
  stereo: boolean; // of the microphone
}

export interface CameraOffer {
  label: string;
  size: { width?: number | undefined; height?: number | undefined };
}

// A slot as the server has numbered it.
export interface Place {
  slot: number;
  use: SlotUse;
  track: MediaStreamTrack;
}

const startKilobits = 1_200;

export class MediaSession {
  readonly connection: RTCPeerConnection;
  readonly #peers: Peers;
  readonly #path: PathReporter;
  readonly #senders: { use: TrackUse; label: string; transceiver: RTCRtpTransceiver }[] = [];
  readonly #receivers: { use: SlotUse; transceiver: RTCRtpTransceiver }[] = [];
  #answer = '';
  #stereo = false; // is sent
  #negotiating = Promise.resolve(); // one after the other
  #restarting = false; // the browser's next offer would have other credentials
  #sizes: string[] = [];

  constructor(plan: Plan, cameras: readonly CameraOffer[], codec: VideoCodec | null, iceServers: RTCIceServer[], peers: Peers) {
    this.#peers = peers;
    this.connection = peers.connect({ bundlePolicy: 'max-bundle', iceServers });
    this.#path = new PathReporter(this.connection);
    const codecs = conferenceCodecs(peers.codecs('video'));
    if (plan.sends) this.#addSenders(cameras, orderCodecs(codecs, codec));
    for (const use of plan.slots) {
      const kind = use === 'voice' ? 'audio' : 'video';
      const transceiver = this.connection.addTransceiver(kind, { direction: 'recvonly' });
      if (kind === 'video') transceiver.setCodecPreferences(codecs);
      else this.#preferOpus(transceiver);
      this.#receivers.push({ use, transceiver });
    }
  }

  // As many as there are places for.
  get cameras(): number {
    return this.#senders.filter(({ use }) => use === 'camera').length;
  }

  async offer(stereo: boolean): Promise<{ offer: string; sends: SentTrack[]; slots: OfferedSlot[] }> {
    const offer = await this.#makeOffer();
    await this.connection.setLocalDescription(offer);
    this.#stereo = stereo;
    return {
      offer: offeringStereo(offer.sdp, stereo),
      sends: this.#senders.map(({ use, label, transceiver }) => ({ mid: transceiver.mid!, use, ...(label ? { label: label.slice(0, 64) } : {}) })),
      slots: this.#receivers.map(({ use, transceiver }) => ({ mid: transceiver.mid!, use })),
    };
  }

  async take(answer: string, slots: readonly AnsweredSlot[]): Promise<Place[]> {
    this.#answer = answeringStereo(withStartBitrate(answer, startKilobits), this.#stereo);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: this.#answer });
    return slots.flatMap(({ slot, mid, use }) => {
      const found = this.#receivers.find(({ transceiver }) => transceiver.mid === mid);
      return found ? [{ slot, use, track: found.transceiver.receiver.track }] : [];
    });
  }

  // From the next ICE restart on.
  takeIceServers(iceServers: RTCIceServer[]): void {
    this.connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers });
  }

  // The server is asked before the new offer is applied: if it refuses, the connection is as it was.
  restartIce(ask: (fragment: string) => Promise<string>): Promise<void> {
    return this.#negotiate(async () => {
      this.#restarting = true;
      this.connection.restartIce();
      const offer = await this.#makeOffer();
      this.#answer = answerAfterRestart(this.#answer, await ask(restartFragment(offer.sdp)));
      await this.#apply(offer);
      this.#restarting = false;
    });
  }

  // How the microphone is encoded is between this browser and the answer it was given: the server forwards what comes.
  #sendStereo(stereo: boolean): Promise<void> {
    return this.#negotiate(async () => {
      if (this.#stereo === stereo || this.#restarting || !this.#answer) return;
      this.#stereo = stereo;
      this.#answer = answeringStereo(this.#answer, stereo);
      await this.#apply(await this.#makeOffer());
    });
  }

  #negotiate(act: () => Promise<void>): Promise<void> {
    const done = this.#negotiating.then(act);
    this.#negotiating = done.catch(() => undefined);
    return done;
  }

  async #makeOffer(): Promise<{ type: 'offer'; sdp: string }> {
    const { sdp = '' } = await this.connection.createOffer();
    return { type: 'offer', sdp: hearingStereo(sdp) };
  }

  async #apply(offer: { type: 'offer'; sdp: string }): Promise<void> {
    await this.connection.setLocalDescription(offer);
    await this.connection.setRemoteDescription({ type: 'answer', sdp: this.#answer });
  }

  async exchange(tracks: SentTracks): Promise<void> {
    const cameras = this.#senders.filter(({ use }) => use === 'camera');
    await Promise.all(
      this.#senders.map(async (entry) => {
        const { use, transceiver } = entry;
        const track = use === 'camera' ? (tracks.cameras[cameras.indexOf(entry)] ?? null) : tracks[use];
        if (transceiver.sender.track !== track) await transceiver.sender.replaceTrack(track);
        if (use === 'camera' && track) await this.#adaptTo(transceiver.sender, track, cameras.indexOf(entry));
      }),
    );
    await this.#sendStereo(tracks.stereo);
  }

  // Why it did not come about, or was lost; null where it works. Asked before it is closed.
  explain(heard: Heard | null): Promise<PathReport | null> {
    return this.#path.report(heard).catch(() => null);
  }

  close(): void {
    this.connection.close();
  }

  #addSenders(cameras: readonly CameraOffer[], codecs: RTCRtpCodec[]): void {
    const add = (use: TrackUse, label: string, encodings: RTCRtpEncodingParameters[], streams: MediaStream[]) => {
      const kind = use === 'microphone' ? 'audio' : 'video';
      const transceiver = this.connection.addTransceiver(kind, { direction: 'sendonly', streams, ...(encodings.length > 0 ? { sendEncodings: encodings } : {}) });
      if (kind === 'video') transceiver.setCodecPreferences(codecs);
      this.#senders.push({ use, label, transceiver });
    };
    const room = this.#peers.newStream();
    add('microphone', '', [], [room]);
    for (const [index, { label, size }] of cameras.entries()) add('camera', label, cameraEncodings(size), index === 0 ? [room] : [this.#peers.newStream()]);
    add('slides', '', [slidesEncoding], [this.#peers.newStream()]);
  }

  #preferOpus(transceiver: RTCRtpTransceiver): void {
    const opus = this.#peers.codecs('audio').filter(({ mimeType }) => mimeType.toLowerCase() === 'audio/opus');
    if (opus.length > 0) transceiver.setCodecPreferences(opus);
  }

  // Another camera may have another size.
  async #adaptTo(sender: RTCRtpSender, track: MediaStreamTrack, index: number): Promise<void> {
    const { width, height } = track.getSettings();
    const size = `${width}×${height}`;
    if (this.#sizes[index] === size) return;
    this.#sizes[index] = size;
    const parameters = sender.getParameters();
    const encodings = cameraEncodings({ width, height });
    for (const encoding of parameters.encodings) {
      const wanted = encodings.find(({ rid }) => rid === encoding.rid);
      if (wanted) Object.assign(encoding, wanted);
    }
    await sender.setParameters(parameters);
  }
}
