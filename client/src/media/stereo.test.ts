import { describe, expect, it } from 'vitest';

import { answeringStereo, hearingStereo, offeringStereo } from './stereo';

const section = (kind: string, direction: string, fmtp: string | null) =>
  [`m=${kind} 9 UDP/TLS/RTP/SAVPF 111`, `a=${direction}`, 'a=rtpmap:111 opus/48000/2', ...(fmtp === null ? [] : [`a=fmtp:111 ${fmtp}`]), 'a=rtcp-fb:111 nack', ''].join('\r\n');
const sdp = (...sections: string[]) => 'v=0\r\n' + sections.join('');
const usual = 'minptime=10;useinbandfec=1';

describe('stereo', () => {
  it('is heard wherever voices are received', () => {
    expect(hearingStereo(sdp(section('audio', 'sendonly', usual), section('audio', 'recvonly', usual)))).toBe(sdp(section('audio', 'sendonly', usual), section('audio', 'recvonly', `${usual};stereo=1`)));
  });
  it('is offered and taken back with the microphone alone', () => {
    const mono = sdp(section('audio', 'sendonly', usual), section('audio', 'recvonly', usual));
    const stereo = sdp(section('audio', 'sendonly', `${usual};stereo=1;sprop-stereo=1`), section('audio', 'recvonly', usual));
    expect(offeringStereo(mono, true)).toBe(stereo);
    expect(offeringStereo(stereo, false)).toBe(sdp(section('audio', 'sendonly', `${usual};stereo=1`), section('audio', 'recvonly', usual)));
  });
  it('is sent when the answer asks for it, and can be taken out of it again', () => {
    const answer = (fmtp: string | null) => sdp(section('audio', 'recvonly', fmtp), section('audio', 'sendonly', usual));
    expect(answeringStereo(answer(usual), true)).toBe(answer(`${usual};stereo=1;maxaveragebitrate=128000`));
    expect(answeringStereo(answeringStereo(answer(usual), true), false)).toBe(answer(usual));
    expect(answeringStereo(answer(null), true)).toBe(answer('stereo=1;maxaveragebitrate=128000'));
    expect(answeringStereo(answeringStereo(answer(null), true), false)).toBe(answer(null));
  });
  it('leaves pictures and other codecs alone', () => {
    const other = sdp('m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=recvonly\r\na=rtpmap:0 PCMU/8000\r\n', section('video', 'recvonly', usual));
    expect(hearingStereo(other)).toBe(other);
  });
});
