// A WebSocket of texts (RFC 6455) in as much as a test needs: Node has none of its own before version 22.
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

function frame(opcode, payload) {
  const mask = randomBytes(4);
  const length = payload.length;
  const head =
    length < 126 ? Buffer.from([0x80 | opcode, 0x80 | length]) : Buffer.from([0x80 | opcode, 0x80 | 126, length >> 8, length & 0xff]);
  if (length > 0xffff) throw new Error('too long for a test');
  return Buffer.concat([head, mask, payload.map((byte, i) => byte ^ mask[i & 3])]);
}

export class TextSocket {
  /** @param {number} port @param {string} path @param {{ text: (text: string) => void, closed: () => void }} on closed: once, however it ends */
  constructor(port, path, on) {
    this.on = on;
    this.open = false;
    this.waiting = Buffer.alloc(0);
    this.unsent = [];
    this.socket = connect(port, '127.0.0.1');
    this.socket.setNoDelay(true);
    const key = randomBytes(16).toString('base64');
    this.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    this.socket.on('data', (bytes) => this.read(bytes));
    this.socket.on('error', () => {}); // 'close' follows
    this.socket.once('close', () => on.closed());
  }

  /** @param {object} message */
  send(message) {
    const bytes = frame(1, Buffer.from(JSON.stringify(message)));
    if (this.open) this.socket.write(bytes);
    else this.unsent.push(bytes);
  }

  close() {
    this.socket.destroy();
  }

  read(bytes) {
    this.waiting = Buffer.concat([this.waiting, bytes]);
    if (!this.open) {
      const end = this.waiting.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!/^HTTP\/1\.1 101 /.test(this.waiting.toString('latin1', 0, end))) return this.close();
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
      const opcode = this.waiting[0] & 0x0f;
      const payload = this.waiting.subarray(head, head + length);
      this.waiting = this.waiting.subarray(head + length);
      if (opcode === 1) this.on.text(payload.toString());
      else if (opcode === 9) this.socket.write(frame(10, payload));
      else if (opcode === 8) this.close();
    }
  }
}
