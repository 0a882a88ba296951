import { describe, expect, it } from 'vitest';

import chromium from './fixtures/chromium-report.json';
import firefox from './fixtures/firefox-report.json';
import { readLine, type LineFigures } from './line-figures';

type Stats = Record<string, unknown>;
const both = ([first, second]: Stats[][]): LineFigures => readLine(second!, 2_000, readLine(first!, 1_000, null)).figures;

describe('the figures of a line', () => {
  for (const [browser, reports, family, lanes] of [
    ['Chromium', chromium, 'IPv6', ['audio 0', 'video 1 h', 'video 1 l', 'video 1 m']],
    ['Firefox', firefox, 'IPv6', ['audio 0', 'video 1 l', 'video 1 m']],
  ] as const) {
    it(`are read of ${browser}: path, seal, rates, and every track over which something goes`, () => {
      const figures = both(reports as unknown as Stats[][]);
      expect(figures.path).toMatchObject({ protocol: 'UDP', family, relay: null, remote: '[2001:db8::2]:39959' });
      expect(figures.ciphers).toEqual(['DTLS 1.2, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'SRTP_AEAD_AES_128_GCM']);
      expect(figures.rateIn).toBeGreaterThan(50_000);
      expect(figures.rateOut).toBeGreaterThan(50_000);
      expect([figures.lossIn, figures.lossOut]).toEqual([0, 0]);
      expect(figures.roundTripMs).not.toBeNull();
      expect(figures.jitterMs).toBeGreaterThan(0);
      expect(figures.tracks.filter(({ sent }) => sent).map(({ kind, mid, rid }) => `${kind} ${mid} ${rid}`.trim()).sort()).toEqual(lanes);
      const received = figures.tracks.filter(({ sent }) => !sent);
      expect(received.map(({ kind, codec, picture }) => [kind, codec, picture !== null]).sort()).toEqual([
        ['audio', 'opus', false],
        ['video', 'VP8', true],
      ]);
      expect(received.every(({ track }) => track !== '')).toBe(true);
    });
  }

  const inbound = (change: Stats): Stats => ({ id: 'I', type: 'inbound-rtp', kind: 'video', bytesReceived: 0, packetsReceived: 0, packetsLost: 0, ...change });
  it('count what was lost since the reading before', () => {
    const first = readLine([inbound({ bytesReceived: 1_000, packetsReceived: 1_000, packetsLost: 500 })], 0, null);
    expect([first.figures.rateIn, first.figures.lossIn, first.figures.tracks]).toEqual([null, null, []]);
    const { figures } = readLine([inbound({ bytesReceived: 126_000, headerBytesReceived: 0, packetsReceived: 1_090, packetsLost: 510 })], 1_000, first);
    expect([figures.rateIn, figures.lossIn]).toEqual([1_000_000, 10]);
  });
  it('take the share that the far end lost of what is sent', () => {
    const stream = (packetsSent: number): Stats => ({ id: 'O', type: 'outbound-rtp', kind: 'audio', bytesSent: packetsSent * 100, packetsSent });
    const report: Stats = { id: 'R', type: 'remote-inbound-rtp', localId: 'O', fractionLost: 0.25, roundTripTime: 0.08, jitter: 0.004 };
    const { figures } = readLine([stream(200), report], 1_000, readLine([stream(100), report], 0, null));
    expect(figures.lossOut).toBe(25);
    expect([figures.roundTripMs, figures.tracks[0]?.jitterMs]).toEqual([80, 4]);
  });
  it('begin anew with a new session, and never fall below nothing', () => {
    const before = readLine([inbound({ bytesReceived: 9_000, packetsReceived: 90, packetsLost: 9 })], 0, null);
    const { figures } = readLine([inbound({ bytesReceived: 100, packetsReceived: 1 })], 1_000, before);
    expect([figures.rateIn, figures.lossIn]).toEqual([0, null]);
  });
  it('tell a way through a relay, and one over TCP', () => {
    const stats: Stats[] = [
      { id: 'P', type: 'candidate-pair', nominated: true, state: 'succeeded', localCandidateId: 'L', remoteCandidateId: 'C', currentRoundTripTime: 0.2 },
      { id: 'L', type: 'local-candidate', candidateType: 'relay', relayProtocol: 'tls', protocol: 'udp', address: '198.51.100.3', port: 5 },
      { id: 'C', type: 'remote-candidate', protocol: 'udp', address: '203.0.113.7', port: 8443 },
    ];
    expect(readLine(stats, 0, null).figures).toMatchObject({ roundTripMs: 200, path: { protocol: 'UDP', family: 'IPv4', relay: 'TLS', remote: '203.0.113.7:8443' } });
    const tcp = stats.map((entry) => (entry.id === 'L' ? { ...entry, candidateType: 'host', protocol: 'tcp' } : entry));
    expect(readLine(tcp, 0, null).figures.path).toMatchObject({ protocol: 'TCP', relay: null });
  });
  it('say nothing where there is nothing', () => {
    expect(readLine([], 0, null).figures).toEqual({ rateIn: null, rateOut: null, lossIn: null, lossOut: null, roundTripMs: null, jitterMs: null, path: null, ciphers: [], tracks: [] });
  });
});
