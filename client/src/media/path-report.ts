// Why no pictures and sound come: what the browser tried, what came of it, and how far the server heard us. Pure but for the
// reading of a connection at the end; the words are made by path-words.ts.
import type { Heard } from '../api/messages';

export type Outcome =
  | 'no_answer' // checks were sent, nothing came back
  | 'answered' // checks were answered, but no connection came of it
  | 'untried'; // the browser made no pair with it: it has no address of that kind, or the way was refused at once

export interface Try {
  protocol: 'UDP' | 'TCP';
  address: string; // "192.0.2.7:8443", "[2001:db8::7]:8443"
  port: number;
  relayed: boolean; // through a TURN server
  outcome: Outcome;
}

export interface RelayFailure {
  server: string;
  code: number; // as the server gave it, or 701: it was not reached
}

export type Cause =
  | 'no_network' // the browser has no address at all
  | 'nothing_arrives' // at the server
  | 'no_answers' // the server hears us, we do not hear it
  | 'wrong_password' // something arrives that is not of this session
  | 'handshake' // both hear each other, the encryption does not come about
  | 'unknown';

export interface PathReport {
  cause: Cause;
  tries: Try[];
  relays: RelayFailure[];
}

interface Candidate {
  protocol: 'UDP' | 'TCP';
  ip: string;
  port: number;
}

const isLoopback = ({ ip }: Candidate) => ip.startsWith('127.') || ip === '::1';
const written = ({ ip, port }: Pick<Candidate, 'ip' | 'port'>) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`);

// RFC 8839 section 5.1, RFC 6544 section 4.5.
export function candidatesOf(sdp: string): Candidate[] {
  const found = new Map<string, Candidate>();
  for (const [, transport, ip, port] of sdp.matchAll(/^a=candidate:\S+ 1 (\S+) \d+ (\S+) (\d+) typ /gm)) {
    const protocol = transport?.toLowerCase() === 'tcp' ? 'TCP' : 'UDP';
    found.set(`${protocol} ${ip} ${port}`, { protocol, ip: ip ?? '', port: Number(port) });
  }
  return [...found.values()];
}

type Stats = { id: string; type: string } & Record<string, unknown>;

// Chromium counts requests and responses; Firefox only says how a pair stands.
function outcomeOf(pairs: readonly Stats[]): Outcome {
  if (pairs.some(({ responsesReceived, state }) => Number(responsesReceived ?? 0) > 0 || state === 'succeeded')) return 'answered';
  return pairs.length > 0 ? 'no_answer' : 'untried';
}

function causeOf(tries: readonly Try[], hasAddress: boolean, heard: Heard | null): Cause {
  if (!hasAddress) return 'no_network';
  if (tries.some(({ outcome }) => outcome === 'answered')) return 'handshake';
  if (heard === 'checks' || heard === 'connected') return 'no_answers';
  if (heard === 'wrong_password') return 'wrong_password';
  return heard === 'nothing' ? 'nothing_arrives' : 'unknown';
}

export function reportOf(answer: string, statistics: Iterable<Stats>, relays: readonly RelayFailure[], heard: Heard | null): PathReport {
  const all = new Map<string, Stats>();
  for (const entry of statistics) all.set(entry.id, entry);
  const local = [...all.values()].filter(({ type }) => type === 'local-candidate');
  const pairs = [...all.values()].filter(({ type }) => type === 'candidate-pair');
  const tries: Try[] = [];
  // Loopback is announced to whoever comes through a proxy beside the server, too; it means nothing to a person elsewhere.
  const candidates = candidatesOf(answer);
  const elsewhere = candidates.filter((candidate) => !isLoopback(candidate));
  for (const candidate of elsewhere.length > 0 ? elsewhere : candidates) {
    const { protocol, ip, port } = candidate;
    const ways = pairs.filter(({ remoteCandidateId }) => {
      const remote = all.get(String(remoteCandidateId));
      return remote?.address === ip && remote.port === port && String(remote.protocol).toUpperCase() === protocol;
    });
    const relayed = ({ localCandidateId }: Stats) => all.get(String(localCandidateId))?.candidateType === 'relay';
    const about = { protocol, address: written(candidate), port };
    tries.push({ ...about, relayed: false, outcome: outcomeOf(ways.filter((pair) => !relayed(pair))) });
    const throughRelay = ways.filter(relayed);
    if (throughRelay.length > 0) tries.push({ ...about, relayed: true, outcome: outcomeOf(throughRelay) });
  }
  return { cause: causeOf(tries, local.length > 0, heard), tries, relays: [...relays] };
}

// What the connection goes over, of its statistics; null when the browser does not say.
export function addressInUse(statistics: Iterable<Stats>): { address: string; relayed: boolean } | null {
  const all = new Map<string, Stats>();
  for (const entry of statistics) all.set(entry.id, entry);
  const transport = [...all.values()].find(({ type }) => type === 'transport');
  // Firefox marks the pair itself.
  const pair = all.get(String(transport?.selectedCandidatePairId)) ?? [...all.values()].find(({ type, selected }) => type === 'candidate-pair' && selected === true);
  const remote = all.get(String(pair?.remoteCandidateId));
  if (!remote) return null;
  const address = `${String(remote.protocol).toUpperCase()} ${written({ ip: String(remote.address), port: Number(remote.port) })}`;
  return { address, relayed: all.get(String(pair?.localCandidateId))?.candidateType === 'relay' };
}

// "UDP 8443, TCP 8443": what a firewall has to let through.
export function waysOf({ tries }: { tries: readonly Try[] }): string {
  return [...new Set(tries.map(({ protocol, port }) => `${protocol} ${port}`))].join(', ');
}

const mostRelays = 16;

// What a TURN server refuses is told by events only, so it is noted from the beginning.
export class PathReporter {
  readonly #connection: RTCPeerConnection;
  readonly #relays = new Map<string, RelayFailure>();

  constructor(connection: RTCPeerConnection) {
    this.#connection = connection;
    connection.addEventListener('icecandidateerror', ({ url, errorCode }) => {
      if (url && this.#relays.size < mostRelays) this.#relays.set(`${url} ${errorCode}`, { server: url, code: errorCode });
    });
  }

  // Before the connection is closed. null when there is nothing to report: it was never given an answer, or works.
  async report(heard: Heard | null): Promise<PathReport | null> {
    const answer = this.#connection.remoteDescription?.sdp;
    if (!answer || this.#connection.connectionState === 'connected' || this.#connection.signalingState === 'closed') return null;
    const report = await this.#connection.getStats();
    const statistics: Stats[] = [];
    report.forEach((entry) => statistics.push(entry as Stats));
    return reportOf(answer, statistics, [...this.#relays.values()], heard);
  }
}
