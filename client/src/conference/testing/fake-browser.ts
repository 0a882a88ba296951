// A page with a camera and a microphone beside a fake server: all that a ConferenceSession touches.
import { vi } from 'vitest';

import type { Admission } from '../../api/invitations';
import { Capture } from '../../media/capture.svelte';
import { ConferenceSession } from '../session.svelte';
import type { Surroundings } from '../surroundings';
import { FakeConnection, FakeTrack } from './fake-connection';
import { FakeServer } from './fake-server';

export class FakeBrowser {
  readonly server = new FakeServer();
  readonly connections: FakeConnection[] = [];
  readonly exchanged: string[] = []; // tokens
  readonly window = new EventTarget();
  readonly document = Object.assign(new EventTarget(), { visibilityState: 'visible' as DocumentVisibilityState });
  readonly navigator = { onLine: true };
  readonly reload = vi.fn();
  readonly kept = new Map<string, string>();
  readonly #signals: (AbortSignal | undefined)[] = [];
  session!: ConferenceSession;
  readonly capture: Capture;

  constructor() {
    this.capture = new Capture(720, () => this.session?.exchangeTracks(), {
      media: Object.assign(new EventTarget(), {
        enumerateDevices: () => Promise.resolve([]),
        getUserMedia: ({ audio, video }: MediaStreamConstraints) =>
          Promise.resolve({ getAudioTracks: () => (audio ? [new FakeTrack('audio')] : []), getVideoTracks: () => (video ? [new FakeTrack('video')] : []) }),
        getDisplayMedia: () => Promise.resolve({ getVideoTracks: () => [new FakeTrack('video')] }),
      }) as unknown as MediaDevices,
      permissions: undefined,
      store: null,
      trySpeaker: () => Promise.resolve(),
    });
    for (const target of [this.window, this.document]) this.#count(target);
  }

  get connection(): FakeConnection {
    return this.connections.at(-1)!;
  }
  get listeners(): number {
    return this.#signals.filter((signal) => !signal?.aborted).length;
  }
  // What of the own microphone goes out, as a person would hear it.
  get audible(): boolean {
    const track = this.connection.sent[0];
    return track !== null && track !== undefined && track.enabled && track.readyState === 'live' && this.connection.connectionState === 'connected';
  }

  async start({ reloaded = false }: { reloaded?: boolean } = {}): Promise<ConferenceSession> {
    if (reloaded) this.kept.set('bridgehall.reloaded', '1');
    await this.capture.open();
    const admission: Admission = { token: 'token-0', expiresInMs: 600_000, conference: 'demo', title: 'Demo', seat: 'site-1', name: 'The site-1', role: 'site' };
    this.session = new ConferenceSession('invitation', admission, this.capture, null, undefined, this.#surroundings());
    this.session.start();
    return this.session;
  }

  #surroundings(): Surroundings {
    const { window, document, navigator, reload, kept } = this;
    return {
      window: window as unknown as Window,
      document: document as unknown as Document,
      navigator,
      location: { href: 'https://hall.example/#invitation=invitation', reload },
      peers: {
        connect: (configuration) => {
          this.connections.push(new FakeConnection(configuration));
          return this.connection as unknown as RTCPeerConnection;
        },
        codecs: () => [],
        newStream: () => ({}) as MediaStream,
      },
      random: () => 0.5,
      exchange: () => {
        const token = `token-${this.exchanged.length + 1}`;
        this.exchanged.push(token);
        return Promise.resolve({ token, expiresInMs: 600_000, conference: 'demo', title: 'Demo', seat: 'site-1', name: 'The site-1', role: 'site' });
      },
      openSocket: () => this.server.accept() as unknown as WebSocket,
      storage: () => ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value), removeItem: (key) => void kept.delete(key) }),
    };
  }

  #count(target: EventTarget): void {
    const add = target.addEventListener.bind(target);
    target.addEventListener = (type: string, listener: EventListener, options?: AddEventListenerOptions) => {
      this.#signals.push(options?.signal);
      add(type, listener, options);
    };
  }
}
