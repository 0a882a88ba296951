// Holds one established session: restarts ICE when the way to the server breaks, and resolves when only a new session can help.
import { judge, Refused } from '../api/problem';
import { Backoff, sleep } from './backoff';
import type { HttpSession } from './http-session';
import { answerAfterRestart, restartFragment } from './ice-fragment';

// A short gap heals by itself; after this the page acts.
const disconnectedMs = 2_000;
// Neither the first connection nor a restart takes this long on a line that works.
const connectMs = 9_000;

export function untilLost(connection: RTCPeerConnection, http: HttpSession, signal: AbortSignal, onConnected: (connected: boolean) => void): Promise<void> {
  const over = new AbortController();
  let answer = http.answer;
  let restarting = false;
  let restartTimer: ReturnType<typeof setTimeout> | undefined;
  let connectTimer: ReturnType<typeof setTimeout> | undefined;

  async function patch(fragment: string): Promise<{ fragment: string; iceServers: RTCIceServer[] }> {
    const backoff = new Backoff();
    for (;;) {
      try {
        return await http.restart(fragment, over.signal);
      } catch (error) {
        if (!(error instanceof Refused) || judge(error.problem) === 'final') throw error;
        await sleep(backoff.next(error.problem.retryAfterSeconds), over.signal);
      }
    }
  }

  // The server is asked before the offer is applied: if it refuses, the connection is as it was.
  async function restart(): Promise<void> {
    if (restarting) return;
    restarting = true;
    try {
      const offer = await connection.createOffer();
      const restarted = await patch(restartFragment(offer.sdp ?? ''));
      answer = answerAfterRestart(answer, restarted.fragment);
      // The old ones' credentials may have expired.
      if (restarted.iceServers.length > 0) connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: restarted.iceServers });
      await connection.setLocalDescription(offer);
      await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    } finally {
      restarting = false;
    }
  }

  return new Promise<void>((resolve, reject) => {
    const finish = (settle: () => void) => {
      if (over.signal.aborted) return;
      over.abort();
      clearTimeout(restartTimer);
      clearTimeout(connectTimer);
      settle();
    };
    const listen = (target: EventTarget, type: string, listener: () => void) => target.addEventListener(type, listener, { signal: over.signal });

    const look = () => {
      const state = connection.connectionState;
      clearTimeout(restartTimer);
      if (state === 'connected') {
        clearTimeout(connectTimer);
        connectTimer = undefined;
      } else if (connectTimer === undefined) {
        connectTimer = setTimeout(() => finish(resolve), connectMs);
      }
      if (state === 'disconnected') restartTimer = setTimeout(() => connection.restartIce(), disconnectedMs);
      if (state === 'failed' || state === 'closed') return finish(resolve);
      onConnected(state === 'connected');
    };

    listen(signal, 'abort', () => finish(() => reject(signal.reason as Error)));
    listen(connection, 'connectionstatechange', look);
    // Fired by restartIce(), ours or one called by hand: the m-lines never change.
    listen(connection, 'negotiationneeded', () => {
      restart().catch(() => finish(resolve));
    });
    for (const { sender } of connection.getTransceivers()) {
      const transport = sender.transport;
      if (!transport) continue;
      // The server said goodbye (DTLS close_notify): no need to wait for missing consent.
      listen(transport, 'statechange', () => {
        if (transport.state === 'closed' || transport.state === 'failed') finish(resolve);
      });
    }
    look();
  });
}
