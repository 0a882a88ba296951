import { describe, expect, it } from 'vitest';

import { onlyCandidatesOf, verdictOf, type ProtocolResult } from './connection-check';
import { addressInUse, type Try } from './path-report';

const way = (protocol: 'UDP' | 'TCP', outcome: Try['outcome'] = 'no_answer', relayed = false): Try => ({ protocol, address: '192.0.2.7:8443', port: 8443, relayed, outcome });
const works = (protocol: 'UDP' | 'TCP', relayed = false): ProtocolResult => ({ connected: true, inUse: { address: `${protocol} 192.0.2.7:8443`, relayed }, tries: [way(protocol, relayed ? 'no_answer' : 'answered')] });
const fails = (protocol: 'UDP' | 'TCP'): ProtocolResult => ({ connected: false, inUse: null, tries: [way(protocol)] });

describe('the connection check', () => {
  it('leaves the candidates of one protocol', () => {
    const udp = 'a=candidate:1 1 udp 2113937151 192.0.2.7 8443 typ host\r\n';
    const tcp = 'a=candidate:3 1 TCP 1845501695 192.0.2.7 443 typ host tcptype passive\r\n';
    const answer = `v=0\r\n${udp}${tcp}a=end-of-candidates\r\n`;
    expect(onlyCandidatesOf('udp', answer)).toBe(`v=0\r\n${udp}a=end-of-candidates\r\n`);
    expect(onlyCandidatesOf('tcp', answer)).toBe(`v=0\r\n${tcp}a=end-of-candidates\r\n`);
  });
  it('says that UDP works, and what else does not', () => {
    expect(verdictOf({ udp: works('UDP'), tcp: works('TCP') })).toEqual({ verdict: 'udp', address: 'UDP 192.0.2.7:8443', failed: [] });
    expect(verdictOf({ udp: works('UDP'), tcp: fails('TCP') }).failed).toEqual([way('TCP')]);
  });
  it('says that only TCP works, and which address did not answer', () => {
    expect(verdictOf({ udp: fails('UDP'), tcp: works('TCP') })).toEqual({ verdict: 'tcp', address: 'TCP 192.0.2.7:8443', failed: [way('UDP')] });
  });
  it('does not take a relay for the way itself', () => {
    const relayed = verdictOf({ udp: works('UDP', true), tcp: fails('TCP') });
    expect([relayed.verdict, relayed.failed]).toEqual(['relay', [way('UDP'), way('TCP')]]);
    expect(verdictOf({ udp: works('UDP', true), tcp: works('TCP') }).verdict).toBe('tcp');
  });
  it('says that nothing works', () => {
    expect(verdictOf({ udp: fails('UDP'), tcp: fails('TCP') })).toEqual({ verdict: 'nothing', address: '', failed: [way('UDP'), way('TCP')] });
  });
});

describe('the address in use', () => {
  const remote = { id: 'R', type: 'remote-candidate', address: '2001:db8::7', port: 8443, protocol: 'udp' };
  const local = { id: 'L', type: 'local-candidate', candidateType: 'relay' };
  const pair = { id: 'P', type: 'candidate-pair', localCandidateId: 'L', remoteCandidateId: 'R' };
  it('is that of the pair which Chromium’s transport or Firefox’s mark names', () => {
    const expected = { address: 'UDP [2001:db8::7]:8443', relayed: true };
    expect(addressInUse([remote, local, pair, { id: 'T', type: 'transport', selectedCandidatePairId: 'P' }])).toEqual(expected);
    expect(addressInUse([remote, local, { ...pair, selected: true }])).toEqual(expected);
    expect(addressInUse([remote, local, pair])).toBe(null);
  });
});
