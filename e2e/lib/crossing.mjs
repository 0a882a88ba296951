// A page's way to a server in another machine of a box, beside the network between them: what the router drops is media alone. Both
// machines share the file system, and so a Unix socket.
import { join } from 'node:path';

const listenHere = `
  const { connect, createServer } = require('node:net');
  const [from, to] = process.argv.slice(1).map((word) => (/^\\d+$/.test(word) ? { host: '127.0.0.1', port: Number(word) } : { path: word }));
  createServer((near) => {
    const far = connect(to);
    for (const [one, other] of [[near, far], [far, near]]) one.on('error', () => other.destroy()).on('close', () => other.destroy()).pipe(other);
  }).listen(from, () => console.log('listening'));`;

/** @param {import('./namespaces.mjs').Machine} machine @param {string} from @param {string} to */
async function lead(machine, from, to) {
  const child = machine.spawn([process.execPath, '-e', listenHere, from, to], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((done, failed) => (child.stdout?.once('data', done), child.once('exit', () => failed(new Error(`no relay in ${machine.namespace}`)))));
}

/**
 * The port of `home`'s loopback becomes one of `away`'s, so that a page is opened on localhost there.
 * @param {import('./namespaces.mjs').Machine} away @param {import('./namespaces.mjs').Machine} home @param {number} port
 */
export async function cross(away, home, port) {
  const path = join(home.network.folder, `${away.name}-${home.name}-${port}.sock`);
  await lead(home, path, String(port));
  await lead(away, String(port), path);
}
