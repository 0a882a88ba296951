// The program under test: `bridgehall demo` in a folder of its own, on a free port.
import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { until } from './until.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
export const program = resolve(process.env.BRIDGEHALL_BIN ?? join(here, '../build/release/bridgehall'));
const run = promisify(execFile);
// The settings of whoever runs the tests are not the tests'.
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BRIDGEHALL_')));

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
async function freePort() {
  for (;;) {
    const port = await tryPort('tcp', 0);
    if (port && (await tryPort('udp', port))) return port;
  }
}

export class Server {
  /** @param {string} data @param {number} port */
  constructor(data, port) {
    this.data = data;
    this.port = port;
    this.origin = `http://localhost:${port}`;
    /** What it wrote, for when a test fails. */
    this.log = '';
    /** @type {import('node:child_process').ChildProcess | null} */
    this.process = null;
  }

  static async start() {
    const server = new Server(await mkdtemp(join(tmpdir(), 'bridgehall-e2e-')), await freePort());
    try {
      await server.begin();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  async begin() {
    const child = spawn(program, ['demo', '--port', String(this.port), '--data', this.data], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (this.log = (this.log + chunk).slice(-100_000)));
    await until('the server is ready', async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}:\n${this.log}`);
      return (await fetch(`${this.origin}/readyz`).catch(() => null))?.ok;
    });
  }

  /** @param {NodeJS.Signals} [signal] */
  async end(signal = 'SIGTERM') {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    const killer = setTimeout(() => child.kill('SIGKILL'), 8_000);
    await ended;
    clearTimeout(killer);
  }

  async remove() {
    await this.end();
    await rm(this.data, { recursive: true, force: true });
  }

  /** @param {string} role @param {{ conference?: string, ttl?: string, subject?: string }} [options] */
  async token(role, { conference = 'demo', ttl = '1h', subject } = {}) {
    const named = subject ? ['--subject', subject] : [];
    const { stdout } = await run(program, ['token', '--data', this.data, '--conference', conference, '--role', role, '--ttl', ttl, ...named], {
      env: environment,
    });
    return stdout.trim();
  }

  /** @param {Record<string, string>} fields */
  link(fields) {
    return `${this.origin}/#${new URLSearchParams({ conference: 'demo', ...fields })}`;
  }

  /** @param {string} path @param {string} token @param {RequestInit} [init] */
  api(path, token, init = {}) {
    return fetch(this.origin + path, { ...init, headers: { Authorization: `Bearer ${token}`, ...init.headers } });
  }

  /** The sum of a metric's series whose labels hold `label`. @param {string} name @param {string} [label] */
  async metric(name, label = '') {
    const lines = (await (await fetch(`${this.origin}/metrics`)).text()).split('\n');
    return lines.filter((line) => line.startsWith(name) && line.includes(label)).reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }
}
