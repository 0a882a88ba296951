// What a technician wants to know of a connection: how much goes each way, what is lost, how late it is, over which path and how it
// is sealed, and the same of each track. Pure: getStats goes in, as Chromium and Firefox fill it.
export interface TrackFigures {
  id: string;
  sent: boolean;
  kind: 'audio' | 'video';
  mid: string;
  rid: string; // of a simulcast layer, else ''
  track: string; // a received track's id, else ''
  codec: string; // 'VP8'
  bitsPerSecond: number;
  lossPercent: number | null;
  jitterMs: number | null;
  picture: { width: number; height: number; framesPerSecond: number } | null;
  limitedBy: 'cpu' | 'bandwidth' | null;
}

export interface PathFigures {
  protocol: 'UDP' | 'TCP' | '';
  family: 'IPv4' | 'IPv6' | ''; // '' where the browser hides the address
  relay: string | null; // how its TURN server is reached: 'UDP', 'TCP', 'TLS'
  local: string;
  remote: string;
}

export interface LineFigures {
  rateIn: number | null; // bits per second; null in the first reading of a session
  rateOut: number | null;
  lossIn: number | null; // percent
  lossOut: number | null;
  roundTripMs: number | null;
  jitterMs: number | null; // the worst of what is received
  path: PathFigures | null;
  ciphers: string[]; // of the handshake, of the media
  tracks: TrackFigures[]; // those over which something goes
}

interface Count {
  bytes: number;
  packets: number;
  lost: number;
}
export interface LineReading {
  atMs: number;
  counts: ReadonlyMap<string, Count>;
  figures: LineFigures;
}

type Stats = Record<string, unknown>;
const number = (stats: Stats | undefined, key: string): number | null => (typeof stats?.[key] === 'number' ? stats[key] : null);
const text = (stats: Stats | undefined, key: string): string => (typeof stats?.[key] === 'string' ? stats[key] : '');
const milliseconds = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds * 1000));
const percent = (part: number, whole: number): number | null => (whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : null);

const versions: Record<string, string> = { FEFF: 'DTLS 1.0', FEFD: 'DTLS 1.2', FEFC: 'DTLS 1.3' };

function pathOf(all: ReadonlyMap<string, Stats>, transport: Stats | undefined): { path: PathFigures | null; roundTripMs: number | null } {
  const named = all.get(text(transport, 'selectedCandidatePairId'));
  const pair = named ?? [...all.values()].find((stats) => stats.type === 'candidate-pair' && stats.nominated === true && stats.state === 'succeeded');
  const [local, remote] = [all.get(text(pair, 'localCandidateId')), all.get(text(pair, 'remoteCandidateId'))];
  if (!pair || !local || !remote) return { path: null, roundTripMs: null };
  const address = text(remote, 'address') || text(local, 'address');
  const written = (stats: Stats) => `${text(stats, 'address').includes(':') ? `[${text(stats, 'address')}]` : text(stats, 'address')}:${number(stats, 'port') ?? ''}`;
  const protocol = text(local, 'protocol').toUpperCase();
  const path: PathFigures = {
    protocol: protocol === 'UDP' || protocol === 'TCP' ? protocol : '',
    family: address.includes(':') ? 'IPv6' : /^[\d.]+$/.test(address) ? 'IPv4' : '',
    relay: text(local, 'candidateType') === 'relay' ? text(local, 'relayProtocol').toUpperCase() || protocol : null,
    local: written(local),
    remote: written(remote),
  };
  return { path, roundTripMs: milliseconds(number(pair, 'currentRoundTripTime')) };
}

export function readLine(report: Iterable<Stats>, atMs: number, previous: LineReading | null): LineReading {
  const all = new Map<string, Stats>();
  for (const stats of report) all.set(text(stats, 'id'), stats);
  const streams = [...all.values()].filter(({ type }) => type === 'inbound-rtp' || type === 'outbound-rtp');
  const farEnds = new Map([...all.values()].filter(({ type }) => type === 'remote-inbound-rtp').map((stats) => [text(stats, 'localId'), stats]));
  const transport = [...all.values()].find(({ type }) => type === 'transport');

  const counts = new Map<string, Count>();
  const tracks: TrackFigures[] = [];
  const sums = { in: { bits: 0, packets: 0, lost: 0 }, out: { bits: 0, packets: 0, lost: 0 } };
  let jitterMs: number | null = null;
  let farRoundTripMs: number | null = null;
  const seconds = previous ? Math.max(0.001, (atMs - previous.atMs) / 1000) : 0;

  for (const stats of streams) {
    const sent = stats.type === 'outbound-rtp';
    const id = text(stats, 'id');
    const farEnd = farEnds.get(id);
    const count: Count = {
      bytes: (number(stats, sent ? 'bytesSent' : 'bytesReceived') ?? 0) + (number(stats, sent ? 'headerBytesSent' : 'headerBytesReceived') ?? 0),
      packets: number(stats, sent ? 'packetsSent' : 'packetsReceived') ?? 0,
      lost: number(stats, 'packetsLost') ?? 0,
    };
    counts.set(id, count);
    const before = previous?.counts.get(id);
    // What is new since has begun at zero; a counter that fell belongs to another session.
    const since = (key: keyof Count) => (previous ? Math.max(0, count[key] - (before?.[key] ?? 0)) : 0);
    const [bits, packets] = [since('bytes') * 8, since('packets')];
    // The far end tells a share, of what was sent lately; here it is counted.
    const lost = sent ? (number(farEnd, 'fractionLost') ?? 0) * packets : since('lost');
    const sum = sums[sent ? 'out' : 'in'];
    sum.bits += bits;
    sum.packets += sent ? packets : packets + lost;
    sum.lost += lost;
    farRoundTripMs ??= milliseconds(number(farEnd, 'roundTripTime'));
    const jitter = milliseconds(number(sent ? farEnd : stats, 'jitter'));
    if (bits === 0) continue;
    if (!sent && jitter !== null) jitterMs = Math.max(jitterMs ?? 0, jitter);
    const [width, height] = [number(stats, 'frameWidth'), number(stats, 'frameHeight')];
    const limit = stats.qualityLimitationReason;
    tracks.push({
      id,
      sent,
      kind: stats.kind === 'audio' ? 'audio' : 'video',
      mid: text(stats, 'mid'),
      rid: text(stats, 'rid'),
      track: sent ? '' : text(stats, 'trackIdentifier'),
      codec: text(all.get(text(stats, 'codecId')), 'mimeType').split('/')[1] ?? '',
      bitsPerSecond: Math.round(bits / seconds),
      lossPercent: sent && !farEnd ? null : percent(lost, sent ? packets : packets + lost),
      jitterMs: jitter,
      picture: width && height ? { width, height, framesPerSecond: Math.round(number(stats, 'framesPerSecond') ?? 0) } : null,
      limitedBy: limit === 'cpu' || limit === 'bandwidth' ? limit : null,
    });
  }
  const { path, roundTripMs } = pathOf(all, transport);
  const tls = text(transport, 'tlsVersion');
  return {
    atMs,
    counts,
    figures: {
      rateIn: previous && Math.round(sums.in.bits / seconds),
      rateOut: previous && Math.round(sums.out.bits / seconds),
      lossIn: percent(sums.in.lost, sums.in.packets),
      lossOut: percent(sums.out.lost, sums.out.packets),
      roundTripMs: roundTripMs ?? farRoundTripMs,
      jitterMs,
      path,
      ciphers: [[versions[tls] ?? '', text(transport, 'dtlsCipher')].filter(Boolean).join(', '), text(transport, 'srtpCipher')].filter(Boolean),
      tracks,
    },
  };
}
