import { describe, expect, it } from 'vitest';

import { Backoff } from './backoff';
import { asCodec, orderCodecs } from './codecs';
import { answerAfterRestart, restartFragment } from './ice-fragment';
import { readIceServers } from './ice-servers';
import { readFigures } from './statistics';
import { withStartBitrate } from './whip';

const sdp = (...lines: string[]) => lines.join('\r\n') + '\r\n';

describe('the wait between attempts', () => {
  it('doubles up to eight seconds and is spread over the upper half', () => {
    const shortest = new Backoff(() => 0);
    expect([1, 2, 3, 4, 5, 6].map(() => shortest.next())).toEqual([250, 500, 1000, 2000, 4000, 4000]);
    const longest = new Backoff(() => 1);
    expect([1, 2, 3, 4, 5, 6].map(() => longest.next())).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });
  it('starts over after a success', () => {
    const backoff = new Backoff(() => 1);
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });
  it('is never shorter than the server asks, and never absurd', () => {
    expect(new Backoff(() => 0).next(2)).toBeGreaterThanOrEqual(2_000);
    expect(new Backoff(() => 1).next(86_400)).toBeLessThanOrEqual(61_000);
  });
});

describe('the fragment of an ICE restart', () => {
  const offer = sdp(
    'v=0',
    'o=- 1 2 IN IP4 0.0.0.0',
    'a=group:BUNDLE 0 1',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=ice-ufrag:new1',
    'a=ice-pwd:abcdefghijklmnopqrstuv',
    'a=ice-options:trickle',
    'a=mid:0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=ice-ufrag:new1',
    'a=ice-pwd:abcdefghijklmnopqrstuv',
    'a=mid:1',
  );
  it('has the new credentials and the first mid', () => {
    expect(restartFragment(offer)).toBe(
      sdp('a=ice-options:trickle', 'a=ice-ufrag:new1', 'a=ice-pwd:abcdefghijklmnopqrstuv', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0'),
    );
  });
  it('cannot be made from an offer without credentials', () => {
    expect(() => restartFragment(sdp('v=0', 'm=audio 9 X 111', 'a=mid:0'))).toThrow();
  });

  const answer = sdp(
    'v=0',
    'a=ice-lite',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    'a=candidate:1 1 udp 1 10.0.0.1 8443 typ host',
    'a=end-of-candidates',
    'a=ice-ufrag:old',
    'a=ice-pwd:oldoldoldoldoldoldoldold',
    'a=mid:0',
    'm=video 9 UDP/TLS/RTP/SAVPF 96',
    'a=ice-ufrag:old',
    'a=ice-pwd:oldoldoldoldoldoldoldold',
    'a=mid:1',
  );
  it('is worked into the answer: credentials everywhere, candidates exchanged', () => {
    const restarted = answerAfterRestart(answer, sdp('a=ice-lite', 'a=ice-ufrag:srv', 'a=ice-pwd:serverserverserverserver', 'a=candidate:2 1 udp 1 10.0.0.2 8443 typ host'));
    expect(restarted).not.toContain('old');
    expect(restarted.match(/a=ice-ufrag:srv/g)).toHaveLength(2);
    expect(restarted.match(/a=ice-pwd:serverserverserverserver/g)).toHaveLength(2);
    expect(restarted).not.toContain('10.0.0.1');
    expect(restarted).toContain('a=candidate:2 1 udp 1 10.0.0.2 8443 typ host');
  });
  it('keeps the candidates when the server sends none', () => {
    expect(answerAfterRestart(answer, sdp('a=ice-ufrag:srv', 'a=ice-pwd:serverserverserverserver'))).toContain('10.0.0.1');
  });
  it('is no use without credentials', () => expect(() => answerAfterRestart(answer, '')).toThrow());
});

describe('ICE servers in Link', () => {
  it('are read with their credentials', () => {
    const header =
      '<stun:stun.example.net>; rel="ice-server", <turn:turn.example.net?transport=udp>; rel="ice-server"; username="a,b;c"; credential="it\\"s"; credential-type="password"';
    expect(readIceServers(header)).toEqual([
      { urls: 'stun:stun.example.net' },
      { urls: 'turn:turn.example.net?transport=udp', username: 'a,b;c', credential: 'it"s' },
    ]);
  });
  it('are told from other links', () => {
    expect(readIceServers('<https://example.net/x>; rel="ice-server", <stun:a>; rel=next')).toEqual([]);
    expect(readIceServers(null)).toEqual([]);
  });
});

describe('the order of codecs', () => {
  const offered = ['video/H264', 'video/VP9', 'video/VP8', 'video/rtx', 'video/red'].map((mimeType) => ({ mimeType }));
  const names = (wish: Parameters<typeof orderCodecs>[1]) => orderCodecs(offered, wish).map((codec) => codec.mimeType);
  it('has VP8 first and loses none', () => expect(names(null)).toEqual(['video/VP8', 'video/H264', 'video/VP9', 'video/rtx', 'video/red']));
  it('has the one that is wished for, with its helpers', () => expect(names('vp9')).toEqual(['video/VP9', 'video/rtx', 'video/red']));
  it('has all when the browser lacks the wish', () => expect(names('av1')).toHaveLength(5));
  it('knows only what it knows', () => {
    expect(asCodec('VP8')).toBe('vp8');
    expect(asCodec('rtx')).toBeNull();
  });
});

describe('the hint for the start of the bit rate', () => {
  it('joins the fmtp line of the answered codec', () => {
    const shaped = withStartBitrate(sdp('m=audio 9 X 111', 'a=fmtp:111 useinbandfec=1', 'm=video 9 X 96 97', 'a=rtpmap:96 VP9/90000', 'a=fmtp:96 profile-id=0', 'a=fmtp:97 apt=96'), 1250);
    expect(shaped).toContain('a=fmtp:96 profile-id=0;x-google-start-bitrate=1250\r\n');
    expect(shaped).toContain('a=fmtp:111 useinbandfec=1\r\n');
    expect(shaped).toContain('a=fmtp:97 apt=96\r\n');
  });
  it('makes the line where there is none', () => {
    const shaped = withStartBitrate(sdp('m=video 9 X 96', 'a=rtpmap:96 VP8/90000', 'a=mid:1'), 1250);
    expect(shaped).toBe(sdp('m=video 9 X 96', 'a=rtpmap:96 VP8/90000', 'a=fmtp:96 x-google-start-bitrate=1250', 'a=mid:1'));
  });
  it('leaves a rejected m-line as it is', () => {
    const rejected = sdp('m=video 0 X 0');
    expect(withStartBitrate(rejected, 1250)).toBe(rejected);
  });
});

describe('the figures', () => {
  const video = { type: 'inbound-rtp', kind: 'video', bytesReceived: 1_000, framesDecoded: 10, frameWidth: 640, frameHeight: 360 };
  const audio = { type: 'inbound-rtp', kind: 'audio', bytesReceived: 100, packetsReceived: 5 };
  it('are differences over time', () => {
    const first = readFigures([video, audio, { type: 'codec' }], 'inbound', 1_000, null);
    expect(first.figures).toBeNull();
    const second = readFigures([{ ...video, bytesReceived: 126_000, framesDecoded: 60 }, { ...audio, packetsReceived: 105 }], 'inbound', 3_000, first);
    expect(second.figures).toEqual({ bitsPerSecond: 500_000, width: 640, height: 360, framesPerSecond: 25, limitedBy: 'none', picture: true, sound: true });
  });
  it('start over with a new session', () => {
    const long = readFigures([{ ...video, framesDecoded: 900 }], 'inbound', 1_000, null);
    expect(readFigures([video], 'inbound', 2_000, long).figures).toBeNull();
  });
  it('call a picture that stands still a picture, and one that stays away none', () => {
    const none = readFigures([{ ...video, framesDecoded: 9 }], 'inbound', 0, null);
    const shown = readFigures([video], 'inbound', 1_000, none);
    expect(shown.figures?.picture).toBe(true);
    const still = readFigures([video], 'inbound', 4_000, shown);
    expect(still.figures?.picture).toBe(true);
    expect(readFigures([video], 'inbound', 7_000, still).figures?.picture).toBe(false);
  });
  it('say what holds the sender back, once it has done so for a while', () => {
    const sent = { type: 'outbound-rtp', kind: 'video', bytesSent: 5, framesEncoded: 1, qualityLimitationReason: 'cpu' };
    const first = readFigures([sent], 'outbound', 0, null);
    const second = readFigures([sent], 'outbound', 1_000, first);
    expect(second.figures?.limitedBy).toBe('none');
    expect(readFigures([sent], 'outbound', 10_000, second).figures?.limitedBy).toBe('cpu');
    const free = { ...sent, qualityLimitationReason: 'none' };
    expect(readFigures([free], 'outbound', 10_000, second).figures?.limitedBy).toBe('none');
  });
});
