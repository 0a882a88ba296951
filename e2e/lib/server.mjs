// The program under test: `bridgehall demo` in a folder of its own, on a free port.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { freePort } from './ports.mjs';
import { until } from './until.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));
export const program = resolve(process.env.BRIDGEHALL_BIN ?? join(here, '../build/release/bridgehall'));
const run = promisify(execFile);
// The settings of whoever runs the tests are not the tests'.
export const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('BRIDGEHALL_')));

/** @typedef {{ machine?: import('./namespaces.mjs').Machine, flags?: string[] }} ServerWishes machine: where it runs; flags: more settings */

export class Server {
  /** @param {string} data @param {number} port @param {ServerWishes} [wishes] */
  constructor(data, port, { machine, flags = [] } = {}) {
    this.data = data;
    this.port = port;
    this.machine = machine;
    this.flags = flags;
    this.origin = `http://localhost:${port}`;
    /** What it wrote, for when a test fails. */
    this.log = '';
    /** @type {import('node:child_process').ChildProcess | null} */
    this.process = null;
  }

  /** In a machine of a box `origin` is a way to its loopback from here. @param {ServerWishes} [wishes] */
  static async start(wishes = {}) {
    const server = new Server(await mkdtemp(join(tmpdir(), 'bridgehall-e2e-')), await freePort(), wishes);
    try {
      if (wishes.machine) await wishes.machine.forward(server.port, server.port);
      await server.begin();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  async begin() {
    const words = [program, 'demo', '--port', String(this.port), '--data', this.data, ...this.flags];
    /** @type {import('node:child_process').SpawnOptions} */
    const options = { env: environment, stdio: ['ignore', 'pipe', 'pipe'] };
    const child = this.machine ? this.machine.spawn(words, options) : spawn(words[0], words.slice(1), options);
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (this.log = (this.log + chunk).slice(-100_000)));
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
    const named = [...(role === 'administrator' ? [] : ['--conference', conference]), ...(subject ? ['--subject', subject] : [])];
    const { stdout } = await run(program, ['token', '--data', this.data, '--role', role, '--ttl', ttl, ...named], { env: environment });
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
