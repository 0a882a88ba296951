// Machines in a box: network namespaces, each joined by a veth pair to a router's namespace, with an address of its own, a default
// route (Firefox gathers nothing without one) and whatever the router lets through. Needs root; names hold the process id, so that
// several runs do not meet.
import { execFile, execFileSync, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { until } from './until.mjs';

const run = promisify(execFile);
let boxes = 0;

/** Why tests with namespaces cannot run here; false when they can. @type {string | false} */
export const noNamespaces = (() => {
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const name = `bh${process.pid}try`;
  try {
    execFileSync('ip', ['netns', 'add', name], { stdio: 'ignore' });
    execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
    return false;
  } catch {
    return 'network namespaces cannot be made here';
  }
})();

/** In the namespace: takes connections at a Unix socket and leads each to a port of its loopback. */
const relay = `
  const { connect, createServer } = require('node:net');
  const [path, port] = process.argv.slice(1);
  createServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
  }).listen(path, () => console.log('listening'));`;

export class Machine {
  /** @param {Network} network @param {string} name @param {number} number */
  constructor(network, name, number) {
    this.network = network;
    this.name = name;
    this.number = number;
    this.namespace = `${network.prefix}${name}`;
    /** Its own interface is called eth0, the router's end like the machine. */
    this.subnet = `10.${network.number}.${number}`;
    this.address = `${this.subnet}.2`;
    this.gateway = `${this.subnet}.1`;
  }

  /** What runs `words` in here. @param {string[]} words @returns {[string, string[]]} */
  command(...words) {
    return ['ip', ['netns', 'exec', this.namespace, ...words]];
  }

  /** Runs it to its end. @param {string[]} words @returns {Promise<string>} what it wrote */
  async run(...words) {
    const [program, rest] = this.command(...words);
    return (await run(program, rest)).stdout;
  }

  /** Starts it; it is ended with the network, if not before. @param {string[]} words @param {import('node:child_process').SpawnOptions} [options] */
  spawn(words, options = {}) {
    const [program, rest] = this.command(...words);
    const child = spawn(program, rest, options);
    this.network.children.add(child);
    child.once('exit', () => this.network.children.delete(child));
    return child;
  }

  /** @param {string[]} rules each one line for nft */
  async filter(...rules) {
    for (const rule of rules) await this.run('nft', rule);
  }

  /** Neither sends nor takes UDP any more, except inside itself. */
  dropUdp() {
    return this.filter(
      'add table inet noudp',
      'add chain inet noudp in { type filter hook input priority 0; }',
      'add chain inet noudp out { type filter hook output priority 0; }',
      'add rule inet noudp in iifname != "lo" meta l4proto udp drop',
      'add rule inet noudp out oifname != "lo" meta l4proto udp drop',
    );
  }

  /** Takes the line away, or gives it back. @param {boolean} up */
  async connect(up) {
    await this.run('ip', 'link', 'set', 'eth0', up ? 'up' : 'down');
    if (up) await this.run('ip', 'route', 'replace', 'default', 'via', this.gateway);
  }

  /**
   * A program file that runs `program` in here; for launchers that want one.
   * @param {string} program @param {[string, string][]} [replaced] words to be given instead of others
   */
  async wrapper(program, replaced = []) {
    const path = join(this.network.folder, `${this.name}-${program.split('/').at(-1)}-${(this.network.wrappers += 1)}`);
    const cases = replaced.map(([word, other]) => `'${word}') set -- "$@" '${other}' ;;`).join(' ');
    const body = `for word; do shift; case $word in ${cases} *) set -- "$@" "$word" ;; esac; done\nexec ip netns exec ${this.namespace} '${program}' "$@"\n`;
    await writeFile(path, `#!/bin/sh\n${body}`);
    await chmod(path, 0o755);
    return path;
  }

  /** Makes a port of the machine's loopback reachable from outside the box. @param {number} port @param {number} [own] @returns {Promise<number>} ours on 127.0.0.1 */
  async forward(port, own = 0) {
    const path = join(this.network.folder, `${this.name}-${port}.sock`);
    const child = this.spawn([process.execPath, '-e', relay, path, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((done, failed) => (child.stdout?.once('data', done), child.once('exit', () => failed(new Error(`no relay in ${this.namespace}`)))));
    const server = createServer((near) => {
      const far = connect(path);
      for (const [from, to] of [[near, far], [far, near]]) from.on('error', () => to.destroy()).on('close', () => to.destroy()).pipe(to);
    });
    this.network.servers.add(server);
    await new Promise((done) => server.listen(own, '127.0.0.1', () => done(undefined)));
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  }
}

export class Network {
  /** @param {string} folder */
  constructor(folder) {
    this.number = (process.pid + (boxes += 1) * 7) % 250;
    this.prefix = `bh${process.pid}b${boxes}`;
    this.router = `${this.prefix}router`;
    this.folder = folder;
    /** @type {Machine[]} */
    this.machines = [];
    /** @type {Set<import('node:child_process').ChildProcess>} */
    this.children = new Set();
    /** @type {Set<import('node:net').Server>} */
    this.servers = new Set();
    this.wrappers = 0;
    // However the process ends, the namespaces go: with them their interfaces and rules.
    this.lastResort = () => this.deleteNamespaces();
    process.once('exit', this.lastResort);
  }

  /** A router and one machine for each name (at most six letters or digits). @param {string[]} names */
  static async make(...names) {
    const network = new Network(await mkdtemp(join(tmpdir(), 'bridgehall-net-')));
    try {
      await run('ip', ['netns', 'add', network.router]);
      await network.route('sysctl', '-qw', 'net.ipv4.ip_forward=1');
      await network.route('ip', 'link', 'set', 'lo', 'up');
      for (const name of names) await network.add(name);
    } catch (error) {
      await network.remove();
      throw error;
    }
    return network;
  }

  /** Runs something in the router's namespace. @param {string[]} words */
  async route(...words) {
    return (await run('ip', ['netns', 'exec', this.router, ...words])).stdout;
  }

  /** @param {string} name */
  async add(name) {
    const machine = new Machine(this, name, this.machines.length + 1);
    await run('ip', ['netns', 'add', machine.namespace]);
    this.machines.push(machine);
    // An IPv6 address that is found to be free a second after its line came up is a change of networks to Chromium, which then gives up
    // whatever it is loading.
    await machine.run('sysctl', '-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0');
    await this.route('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.namespace);
    await this.route('ip', 'address', 'add', `${machine.gateway}/24`, 'dev', name);
    await this.route('ip', 'link', 'set', name, 'up');
    await machine.run('ip', 'link', 'set', 'lo', 'up');
    await machine.run('ip', 'address', 'add', `${machine.address}/24`, 'dev', 'eth0');
    await machine.run('ip', 'link', 'set', 'eth0', 'up');
    await machine.run('ip', 'route', 'add', 'default', 'via', machine.gateway);
    return machine;
  }

  /** The router lets no UDP through any more. */
  async dropUdp() {
    await this.route('nft', 'add table inet noudp');
    await this.route('nft', 'add chain inet noudp through { type filter hook forward priority 0; }');
    await this.route('nft', 'add rule inet noudp through meta l4proto udp counter drop');
  }

  deleteNamespaces() {
    for (const child of this.children) child.kill('SIGKILL');
    for (const namespace of [this.router, ...this.machines.map((machine) => machine.namespace)]) {
      try {
        execFileSync('ip', ['netns', 'del', namespace], { stdio: 'ignore' });
      } catch {
        // It was not made, or is gone.
      }
    }
    this.machines = [];
  }

  async remove() {
    for (const server of this.servers) server.close();
    for (const child of this.children) child.kill();
    await until('what ran in the namespaces has ended', () => this.children.size === 0, { ceiling: 5_000 }).catch(() => {});
    process.removeListener('exit', this.lastResort);
    this.deleteNamespaces();
    await rm(this.folder, { recursive: true, force: true });
  }
}
