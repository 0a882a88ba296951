// Free ports of this machine.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** @param {'tcp' | 'udp'} kind @param {number} port @returns {Promise<number>} the port taken, 0 when it is in use */
function tryPort(kind, port) {
  return new Promise((done) => {
    const socket = kind === 'tcp' ? createServer() : createSocket('udp4');
    socket.once('error', () => done(0));
    const bound = () => {
      const { port: taken } = /** @type {import('node:net').AddressInfo} */ (socket.address());
      socket.close(() => done(taken));
    };
    if (socket instanceof Object && 'listen' in socket) socket.listen(port, '127.0.0.1', bound);
    else socket.bind(port, bound);
  });
}

// The demo takes the same number for HTTP (TCP) and media (UDP).
export async function freePort() {
  for (;;) {
    const port = await tryPort('tcp', 0);
    if (port && (await tryPort('udp', port))) return port;
  }
}
