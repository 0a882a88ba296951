// Before joining: do UDP and TCP get through to the media server? Two short sessions that listen to the stage's sound (WHEP), one with
// only the server's UDP addresses, one with only its TCP ones. They take no seat, and nobody is told of them.
import { openHttpSession, type HttpSession } from './http-session';
import { addressInUse, reportOf, type Try } from './path-report';
import { whepEndpoint } from './whep';

export type Protocol = 'udp' | 'tcp';
const protocols = ['udp', 'tcp'] as const satisfies readonly Protocol[];

export interface ProtocolResult {
  connected: boolean;
  inUse: { address: string; relayed: boolean } | null; // while connected
  tries: readonly Try[];
}

export interface CheckResult {
  verdict: 'udp' | 'tcp' | 'relay' | 'nothing';
  address: string; // through which it works, '' where it does not
  failed: readonly Try[]; // what did not answer
}

// Longer than a way that works takes; shorter than what the server counts as a session that failed.
const enoughMs = 4_000;

// RFC 8839 section 5.1, RFC 6544 section 4.5: the transport is the third word.
export function onlyCandidatesOf(protocol: Protocol, answer: string): string {
  return answer
    .split(/(?<=\n)/)
    .filter((line) => !line.startsWith('a=candidate:') || line.split(' ')[2]?.toLowerCase() === protocol)
    .join('');
}

export function verdictOf(results: Readonly<Record<Protocol, ProtocolResult>>): CheckResult {
  const works = (relayed: boolean) => protocols.find((protocol) => results[protocol].connected && (results[protocol].inUse?.relayed ?? false) === relayed);
  const failed = protocols.filter((protocol) => !results[protocol].connected || results[protocol].inUse?.relayed).flatMap((protocol) => results[protocol].tries.filter(({ relayed }) => !relayed));
  const direct = works(false);
  if (direct) return { verdict: direct, address: results[direct].inUse?.address ?? '', failed };
  const relay = works(true);
  return relay ? { verdict: 'relay', address: results[relay].inUse?.address ?? '', failed } : { verdict: 'nothing', address: '', failed };
}

// Refused (api/problem.ts) where the server does not let it be checked.
export async function checkConnection(conference: string, token: string, signal: AbortSignal): Promise<CheckResult> {
  const [udp, tcp] = await Promise.all(protocols.map((protocol) => tryProtocol(protocol, conference, token, signal)));
  return verdictOf({ udp: udp!, tcp: tcp! });
}

async function tryProtocol(protocol: Protocol, conference: string, token: string, signal: AbortSignal): Promise<ProtocolResult> {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  let session: HttpSession | null = null;
  try {
    connection.addTransceiver('audio', { direction: 'recvonly' });
    const offer = await connection.createOffer();
    session = await openHttpSession(whepEndpoint(conference), token, offer.sdp ?? '', signal);
    if (session.iceServers.length > 0) connection.setConfiguration({ bundlePolicy: 'max-bundle', iceServers: session.iceServers });
    const answer = onlyCandidatesOf(protocol, session.answer);
    await connection.setLocalDescription(offer);
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    const connected = await becomesConnected(connection, signal);
    const statistics = await connection.getStats();
    const entries = [...statistics.values()] as Parameters<typeof addressInUse>[0];
    return { connected, inUse: connected ? addressInUse(entries) : null, tries: reportOf(answer, entries, [], null).tries };
  } finally {
    // In this order: the server takes the connection's own goodbye for the end of the session.
    await session?.close(signal.aborted);
    connection.close();
  }
}

function becomesConnected(connection: RTCPeerConnection, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const finish = (act: () => void) => {
      over.abort();
      clearTimeout(timer);
      act();
    };
    const look = () => {
      if (connection.connectionState === 'connected') finish(() => resolve(true));
      else if (connection.connectionState === 'failed') finish(() => resolve(false));
    };
    const timer = setTimeout(() => finish(() => resolve(false)), enoughMs);
    connection.addEventListener('connectionstatechange', look, { signal: over.signal });
    signal.addEventListener('abort', () => finish(() => reject(signal.reason as Error)), { signal: over.signal });
    look();
  });
}
