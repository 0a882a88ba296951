// What people want to know of getStats: how much goes through, how large the picture is, and what holds it back.

export interface MediaFigures {
  bitsPerSecond: number;
  width: number;
  height: number;
  framesPerSecond: number;
  limitedBy: 'none' | 'cpu' | 'bandwidth'; // for a while now: every connection begins small and grows
  picture: boolean; // pictures came or went lately
  sound: boolean; // sound came or went lately
}

export interface Reading {
  atMs: number;
  bytes: number;
  frames: number;
  audioPackets: number;
  pictureAtMs: number;
  soundAtMs: number;
  limitedBy: MediaFigures['limitedBy'];
  limitedSinceMs: number;
  figures: MediaFigures | null; // null in the first reading of a session: nothing to compare with
}

// A shared screen on which nothing moves sends a picture a second, or less.
const latelyMs = 5_000;
const limitedMs = 10_000;

type Stats = Record<string, unknown>;
const number = (stats: Stats, key: string) => (typeof stats[key] === 'number' ? stats[key] : 0);

export function readFigures(report: Iterable<Stats>, direction: 'outbound' | 'inbound', atMs: number, previous: Reading | null): Reading {
  const sent = direction === 'outbound';
  let bytes = 0;
  let frames = 0;
  let audioPackets = 0;
  let limitedBy: MediaFigures['limitedBy'] = 'none';
  const figures: MediaFigures = { bitsPerSecond: 0, width: 0, height: 0, framesPerSecond: 0, limitedBy: 'none', picture: false, sound: false };
  for (const stats of report) {
    if (stats.type !== `${direction}-rtp`) continue;
    bytes += number(stats, sent ? 'bytesSent' : 'bytesReceived');
    if (stats.kind === 'audio') audioPackets += number(stats, sent ? 'packetsSent' : 'packetsReceived');
    if (stats.kind !== 'video') continue;
    frames += number(stats, sent ? 'framesEncoded' : 'framesDecoded');
    figures.width = number(stats, 'frameWidth');
    figures.height = number(stats, 'frameHeight');
    if (stats.qualityLimitationReason === 'cpu' || stats.qualityLimitationReason === 'bandwidth') limitedBy = stats.qualityLimitationReason;
  }
  const reading = { atMs, bytes, frames, audioPackets, pictureAtMs: -Infinity, soundAtMs: -Infinity, limitedBy, limitedSinceMs: atMs };
  // A new session counts from zero again.
  if (!previous || bytes < previous.bytes || frames < previous.frames) return { ...reading, figures: null };
  reading.pictureAtMs = frames > previous.frames ? atMs : previous.pictureAtMs;
  reading.soundAtMs = audioPackets > previous.audioPackets ? atMs : previous.soundAtMs;
  if (limitedBy === previous.limitedBy) reading.limitedSinceMs = previous.limitedSinceMs;
  if (atMs - reading.limitedSinceMs >= limitedMs) figures.limitedBy = limitedBy;
  const seconds = Math.max(0.001, (atMs - previous.atMs) / 1000);
  figures.bitsPerSecond = Math.round(((bytes - previous.bytes) * 8) / seconds);
  figures.framesPerSecond = Math.round((frames - previous.frames) / seconds);
  figures.picture = atMs - reading.pictureAtMs < latelyMs;
  figures.sound = atMs - reading.soundAtMs < latelyMs;
  return { ...reading, figures };
}

// Reads `connection()` once a second until the returned function is called.
export function watchFigures(connection: () => RTCPeerConnection | null, direction: 'outbound' | 'inbound', onFigures: (figures: MediaFigures | null) => void): () => void {
  let previous: Reading | null = null;
  const timer = setInterval(async () => {
    const current = connection();
    if (current?.connectionState !== 'connected') {
      previous = null;
      return onFigures(null);
    }
    const report = (await current.getStats()) as unknown as Map<string, Stats>;
    previous = readFigures(report.values(), direction, performance.now(), previous);
    onFigures(previous.figures);
  }, 1_000);
  return () => clearInterval(timer);
}
