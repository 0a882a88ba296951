// Captures the ClientHello of a real browser as the datagrams that carry it, for src/crypto/testdata.
//   node e2e/capture_client_hello.mjs chromium|firefox ADDRESS FOLDER
// ADDRESS is one of this machine's own addresses that is not loopback: Firefox sends no checks to 127.0.0.1.
// The page offers one audio line; we answer as an ICE-lite peer in the passive DTLS role, answer connectivity checks, and
// write what comes until the whole message is there as BROWSER_client_hello_1.bin, _2.bin, … in the order of arrival.
import { createHmac, randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { chromium, firefox } from 'playwright-core';

const [browserName, address, folder] = process.argv.slice(2);
if (!['chromium', 'firefox'].includes(browserName) || !address || !folder) {
  console.error('usage: node e2e/capture_client_hello.mjs chromium|firefox ADDRESS FOLDER');
  process.exit(2);
}

const ufrag = randomBytes(4).toString('hex');
const password = randomBytes(16).toString('hex');
const kCookie = 0x2112a442;

function attribute(type, value) {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(value.length, 2);
  return Buffer.concat([head, value, Buffer.alloc((4 - (value.length % 4)) % 4)]);
}

// A success response (RFC 8489) with XOR-MAPPED-ADDRESS, MESSAGE-INTEGRITY and FINGERPRINT.
function bindingSuccess(request, remote) {
  const mapped = Buffer.alloc(8);
  mapped[1] = 1;
  mapped.writeUInt16BE(remote.port ^ (kCookie >>> 16), 2);
  const octets = remote.address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  mapped.writeUInt32BE((octets ^ kCookie) >>> 0, 4);
  let message = Buffer.concat([request.subarray(0, 20), attribute(0x0020, mapped)]);
  message.writeUInt16BE(0x0101, 0);
  message.writeUInt16BE(message.length - 20 + 24, 2);
  const integrity = createHmac('sha1', password).update(message).digest();
  message = Buffer.concat([message, attribute(0x0008, integrity)]);
  message.writeUInt16BE(message.length - 20 + 8, 2);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE((crc32(message) ^ 0x5354554e) >>> 0, 0);
  return Buffer.concat([message, attribute(0x8028, checksum)]);
}

// Handshake bytes that a datagram brings of message 0, and how long that message is.
function helloFragments(datagram) {
  let brought = 0;
  let total = 0;
  for (let at = 0; at + 13 <= datagram.length; at += 13 + datagram.readUInt16BE(at + 11)) {
    if (datagram[at] !== 22 || datagram[at + 13] !== 1) continue;
    total = datagram.readUIntBE(at + 14, 3);
    brought += datagram.readUIntBE(at + 22, 3);
  }
  return { brought, total };
}

function answerFor(offer, port) {
  const opus = /a=rtpmap:(\d+) opus/.exec(offer)[1];
  const line = (prefix) => offer.split('\r\n').find((text) => text.startsWith(prefix)) ?? '';
  const fingerprint = Array.from({ length: 32 }, () => 'AB').join(':');
  return [
    'v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 't=0 0', 'a=ice-lite', line('a=group:BUNDLE'),
    `m=audio ${port} UDP/TLS/RTP/SAVPF ${opus}`, `c=IN IP4 ${address}`, line('a=mid:'), 'a=recvonly', 'a=rtcp-mux', `a=rtpmap:${opus} opus/48000/2`,
    `a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, `a=fingerprint:sha-256 ${fingerprint}`, 'a=setup:passive',
    `a=candidate:1 1 udp 2130706431 ${address} ${port} typ host`, 'a=end-of-candidates', '',
  ].join('\r\n');
}

const socket = createSocket('udp4');
await new Promise((done) => socket.bind(0, address, done));
const hello = new Promise((done) => {
  const datagrams = [];
  let received = 0;
  socket.on('message', (datagram, remote) => {
    if (datagram[0] === 0 && datagram[1] === 1) {
      socket.send(bindingSuccess(datagram, remote), remote.port, remote.address);
    } else if (datagram[0] === 22) {
      const { brought, total } = helloFragments(datagram);
      datagrams.push(datagram);
      received += brought;
      if (received >= total) done(datagrams);
    }
  });
});

const page = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>capture</title>'));
await new Promise((done) => page.listen(0, '127.0.0.1', done));
const browser =
  browserName === 'chromium'
    ? await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
      })
    : await firefox.launch({
        channel: 'moz-firefox',
        executablePath: '/usr/bin/firefox-esr',
        firefoxUserPrefs: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
      });
try {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${page.address().port}/`);
  const offer = await tab.evaluate(async () => {
    globalThis.peer = new RTCPeerConnection();
    const media = await navigator.mediaDevices.getUserMedia({ audio: true });
    peer.addTransceiver(media.getAudioTracks()[0], { direction: 'sendonly' });
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  });
  const answer = answerFor(offer, socket.address().port);
  await tab.evaluate((sdp) => peer.setRemoteDescription({ type: 'answer', sdp }), answer);
  const datagrams = await Promise.race([
    hello,
    new Promise((_, fail) => setTimeout(() => fail(new Error('no ClientHello within 30 s')), 30_000).unref()),
  ]);
  datagrams.forEach((datagram, index) =>
    writeFileSync(join(folder, `${browserName}_client_hello_${index + 1}.bin`), datagram),
  );
  console.log(`${browser.version()}: ${datagrams.map((datagram) => datagram.length).join(' + ')} bytes`);
} finally {
  await browser.close();
  page.close();
  socket.close();
}
