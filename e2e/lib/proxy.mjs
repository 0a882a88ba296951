// A line to the server's HTTP port that a test can cut: pages that came over it lose their connections, and get none until it is mended.
import { connect, createServer } from 'node:net';

export class Proxy {
  /** @param {number} port of the server */
  static async start(port) {
    const proxy = new Proxy();
    proxy.cutNow = false;
    proxy.carried = 0; // octets, both ways
    /** @type {Set<import('node:net').Socket>} */
    proxy.sockets = new Set();
    proxy.listener = createServer((near) => {
      if (proxy.cutNow) return near.destroy();
      const far = connect(port, '127.0.0.1');
      for (const [from, to] of [[near, far], [far, near]]) {
        proxy.sockets.add(from);
        from.on('close', () => (proxy.sockets.delete(from), to.destroy())).on('error', () => to.destroy());
        from.on('data', (octets) => (proxy.carried += octets.length)).pipe(to);
      }
    });
    await new Promise((done) => proxy.listener.listen(0, 'localhost', () => done(undefined)));
    const { port: own } = /** @type {import('node:net').AddressInfo} */ (proxy.listener.address());
    proxy.origin = `http://localhost:${own}`;
    return proxy;
  }

  cut() {
    this.cutNow = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.cutNow = false;
  }

  end() {
    this.cut();
    this.listener.close();
  }
}
