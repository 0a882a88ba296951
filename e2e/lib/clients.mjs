// Clients that are no browser, as processes: aiortc (Python) and GStreamer (C++). Each ends by itself when its input does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { program } from './server.mjs';
import { until } from './until.mjs';

const aiortcScript = fileURLToPath(new URL('../aiortc_client.py', import.meta.url));
const gstreamerProgram = resolve(process.env.BRIDGEHALL_GSTREAMER_CLIENT ?? join(dirname(program), 'gstreamer_client'));

/** False, or why tests with GStreamer cannot run: for `describe`'s option `skip`. */
export const withoutGstreamer = !existsSync(gstreamerProgram) && 'not built: cmake --build build/release --target gstreamer_client';

class Client {
  /** @param {import('node:test').TestContext} t the client does not outlive it @param {string} command @param {string[]} words */
  constructor(t, command, words) {
    this.output = '';
    this.errors = '';
    this.process = spawn(command, words, { stdio: ['pipe', 'pipe', 'pipe'] });
    /** @type {Promise<number | null>} */
    this.exited = new Promise((done) => this.process.once('exit', done));
    this.process.stdout.on('data', (chunk) => (this.output += chunk));
    this.process.stderr.on('data', (chunk) => (this.errors += chunk));
    t.after(() => this.end());
  }

  /** Fails when it has ended already. */
  check() {
    assert.equal(this.process.exitCode ?? this.process.signalCode, null, `the client ended: ${this.errors}${this.output.slice(-500)}`);
  }

  /** @param {NodeJS.Signals} [signal] @returns {Promise<number | null>} its status; null when it had to be killed */
  async end(signal = 'SIGTERM') {
    if (this.process.exitCode === null && this.process.signalCode === null) this.process.kill(signal);
    const killer = setTimeout(() => this.process.kill('SIGKILL'), 8_000);
    const status = await this.exited;
    clearTimeout(killer);
    return status;
  }
}

export class Aiortc extends Client {
  /** @param {import('node:test').TestContext} t @param {string[]} words */
  constructor(t, ...words) {
    super(t, process.env.PYTHON ?? '/usr/bin/python3', [aiortcScript, ...words]);
  }

  /** It leaves with a DELETE when its input ends. */
  leave() {
    this.process.stdin.end();
    return this.exited;
  }

  connected(options = {}) {
    return until('aiortc is connected', () => (this.check(), this.output.includes('connected')), options);
  }

  /** What a viewer has seen when it has seen enough. */
  async seen() {
    assert.equal(await this.exited, 0, this.errors);
    const seen = JSON.parse(this.output);
    assert.ok(seen.pictures >= 50 && seen.changed > 0, this.output);
    assert.ok(seen.loudness > 100, this.output);
    return seen;
  }
}

export class Gstreamer extends Client {
  /** @param {import('node:test').TestContext} t @param {string[]} words */
  constructor(t, ...words) {
    super(t, gstreamerProgram, words);
  }

  leave() {
    return this.end('SIGTERM');
  }

  /** What it has said so far, of one kind. @param {string} event */
  events(event) {
    const lines = this.output.slice(0, this.output.lastIndexOf('\n') + 1).split('\n').filter(Boolean);
    return lines.map((line) => JSON.parse(line)).filter((said) => said.event === event);
  }

  connected(options = {}) {
    return until('GStreamer is connected', () => (this.check(), this.events('connected').length > 0), options);
  }

  /** Waits for pictures that move, from now on. */
  seesMotion(who, options = {}) {
    const before = this.events('picture').length;
    return until(`${who} decodes pictures that move`, () => {
      this.check();
      const pictures = this.events('picture').slice(before);
      return pictures.length >= 30 && pictures.filter(({ change }) => change > 15).length >= 5 && pictures.at(-1);
    }, options);
  }

  /** Waits until sound is heard, from now on, whose strongest frequency is about `hertz`. */
  hearsTone(who, hertz, options = {}) {
    const before = this.events('sound').length;
    return until(`${who} hears ${hertz} Hz`, () => {
      this.check();
      const near = this.events('sound').slice(before).filter(({ rms, frequency }) => rms > 0.01 && Math.abs(frequency - hertz) <= 20);
      return near.length >= 3 && near.at(-1);
    }, options);
  }
}
