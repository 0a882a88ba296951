import { describe, expect, it } from 'vitest';

import { candidatesOf, reportOf, waysOf } from './path-report';

const answer = [
  'v=0',
  'a=candidate:1 1 udp 2113937151 192.0.2.7 8443 typ host',
  'a=candidate:2 1 udp 2113937150 2001:db8::7 8443 typ host',
  'a=candidate:3 1 tcp 1845501695 192.0.2.7 443 typ host tcptype passive',
  'a=candidate:4 1 udp 2113937149 127.0.0.1 8443 typ host', // to a proxy beside the server
  'a=candidate:1 1 udp 2113937151 192.0.2.7 8443 typ host', // in a second m-line
].join('\r\n');

const local = (type = 'host') => ({ id: `L-${type}`, type: 'local-candidate', candidateType: type });
const remote = (id: string, address: string, port: number, protocol: string) => ({ id, type: 'remote-candidate', address, port, protocol });
const pair = (id: string, remoteCandidateId: string, more: object = {}, localType = 'host') => ({
  id,
  type: 'candidate-pair',
  localCandidateId: `L-${localType}`,
  remoteCandidateId,
  state: 'in-progress',
  ...more,
});
const remotes = [remote('A', '192.0.2.7', 8443, 'udp'), remote('B', '2001:db8::7', 8443, 'udp'), remote('C', '192.0.2.7', 443, 'tcp')];

describe('the report of a way that was not found', () => {
  it('names every candidate of the server once', () => {
    expect(candidatesOf(answer).map(({ protocol, ip, port }) => `${protocol} ${ip} ${port}`)).toEqual(['UDP 192.0.2.7 8443', 'UDP 2001:db8::7 8443', 'TCP 192.0.2.7 443', 'UDP 127.0.0.1 8443']);
  });

  it('says what came of each', () => {
    const report = reportOf(answer, [local(), ...remotes, pair('1', 'A', { requestsSent: 9, responsesReceived: 0 }), pair('3', 'C', { responsesReceived: 2 })], [], 'checks');
    expect(report.tries).toEqual([
      { protocol: 'UDP', address: '192.0.2.7:8443', port: 8443, relayed: false, outcome: 'no_answer' },
      { protocol: 'UDP', address: '[2001:db8::7]:8443', port: 8443, relayed: false, outcome: 'untried' },
      { protocol: 'TCP', address: '192.0.2.7:443', port: 443, relayed: false, outcome: 'answered' },
    ]);
    expect(report.cause).toBe('handshake');
    expect(waysOf(report)).toBe('UDP 8443, TCP 443');
  });

  it('names loopback where there is nothing else', () => {
    const only = 'a=candidate:4 1 udp 2113937149 127.0.0.1 8443 typ host';
    expect(reportOf(only, [local()], [], null).tries.map(({ address }) => address)).toEqual(['127.0.0.1:8443']);
  });

  it('keeps the way through a relay apart, and its refusals', () => {
    const relays = [{ server: 'turn:turn.example.org', code: 401 }];
    const report = reportOf(answer, [local(), local('relay'), ...remotes, pair('1', 'A'), pair('2', 'A', {}, 'relay')], relays, 'nothing');
    expect(report.tries.filter(({ address }) => address === '192.0.2.7:8443').map(({ relayed }) => relayed)).toEqual([false, true]);
    expect(report.relays).toEqual(relays);
  });

  it.each([
    ['nothing', 'nothing_arrives'],
    ['checks', 'no_answers'],
    ['wrong_password', 'wrong_password'],
    [null, 'unknown'],
  ] as const)('knows the cause when the server has heard %s', (heard, cause) => {
    expect(reportOf(answer, [local(), ...remotes, pair('1', 'A')], [], heard).cause).toBe(cause);
  });

  it('knows a browser without any network', () => {
    expect(reportOf(answer, [], [], 'nothing').cause).toBe('no_network');
  });

  it('takes a pair that Firefox says succeeded for answered', () => {
    expect(reportOf(answer, [local(), ...remotes, pair('1', 'A', { state: 'succeeded' })], [], null).cause).toBe('handshake');
  });
});
