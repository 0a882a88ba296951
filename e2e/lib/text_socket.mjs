// A WebSocket of texts (RFC 6455) in as much as a test needs: Node has none of its own before version 22.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { constants, createInflateRaw, deflateRawSync } from 'node:zlib';

// Of a first octet (RFC 6455 section 5.2; RFC 7692 section 6 gives the second a meaning).
const final = 0x80;
const compressed = 0x40;
/** Ends each compressed message and is not sent (RFC 7692 section 7.2.1). */
const flushed = Buffer.from([0x00, 0x00, 0xff, 0xff]);

function frame(opcode, payload, flags = 0) {
  const mask = randomBytes(4);
  const length = payload.length;
  const head =
    length < 126 ? Buffer.from([final | flags | opcode, 0x80 | length]) : Buffer.from([final | flags | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  if (length > 0xffff) throw new Error('too long for a test');
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]);
}

export class TextSocket {
  /**
   * @param {number} port @param {string} path @param {{ text: (text: string) => void, closed: () => void }} on closed: once, however it ends
   * @param {{ compress?: boolean }} [options] compress: offers what browsers offer (RFC 7692), and compresses all it says
   */
  constructor(port, path, on, { compress = false } = {}) {
    this.on = on;
    this.inflate = compress ? createInflateRaw() : null;
    this.inflated = [];
    this.inflate?.on('data', (bytes) => this.inflated.push(bytes));
    this.open = false;
    this.waiting = Buffer.alloc(0);
    this.unsent = [];
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    const key = randomBytes(16).toString('base64');
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${compress ? 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n' : ''}\r\n`,
    );
    this.socket.on('data', (bytes) => this.read(bytes));
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.once('close', () => on.closed());
  }

  /** @param {object} message */
  send(message) {
    const text = Buffer.from(JSON.stringify(message));
    const bytes = this.inflate ? frame(1, this.deflate(text), compressed) : frame(1, text);
    if (this.open) this.socket.write(bytes);
    else this.unsent.push(bytes);
  }

  /** Each message by itself, in the smallest window a server may have answered with. @param {Buffer} text */
  deflate(text) {
    return deflateRawSync(text, { windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -flushed.length);
  }

  close() {
    this.socket.destroy();
  }

  read(bytes) {
    this.waiting = Buffer.concat([this.waiting, bytes]);
    if (!this.open) {
      const end = this.waiting.indexOf('\r\n\r\n');
      if (end < 0) return;
      const answer = this.waiting.toString('latin1', 0, end);
      if (!/^HTTP\/1\.1 101 /.test(answer) || (this.inflate && !/permessage-deflate/i.test(answer))) return this.close();
      this.waiting = this.waiting.subarray(end + 4);
      this.open = true;
      for (const text of this.unsent) this.socket.write(text);
    }
    for (;;) {
      if (this.waiting.length < 2) return;
      const short = this.waiting[1] & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (this.waiting.length < head) return;
      const length = short < 126 ? short : short === 126 ? this.waiting.readUInt16BE(2) : Number(this.waiting.readBigUInt64BE(2));
      if (this.waiting.length < head + length) return;
      const [flags, opcode] = [this.waiting[0] & 0xf0, this.waiting[0] & 0x0f];
      const payload = this.waiting.subarray(head, head + length);
      this.waiting = this.waiting.subarray(head + length);
      if (opcode === 1 && flags & compressed) this.inflate.write(Buffer.concat([payload, flushed]), () => this.on.text(Buffer.concat(this.inflated.splice(0)).toString()));
      else if (opcode === 1) this.on.text(payload.toString());
      else if (opcode === 9) this.socket.write(frame(10, payload));
      else if (opcode === 8) this.close();
    }
  }
}
