// The doctor: on the command line, over HTTP for administrators only, and as a page in four languages.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { passesAxe, photograph, prepare } from '../lib/looks.mjs';
import { program } from '../lib/server.mjs';
import { suite } from '../lib/suite.mjs';

const run = promisify(execFile);

/** @param {string[]} words @returns {Promise<{ status: number, text: string }>} */
async function doctor(...words) {
  try {
    return { status: 0, text: (await run(program, ['doctor', ...words], { env: { PATH: process.env.PATH } })).stdout };
  } catch (error) {
    return { status: error.code, text: error.stdout };
  }
}

describe('the doctor', () => {
  const world = suite();
  /** @type {string[]} */
  const violations = [];
  const administrator = () => world.server.token('administrator');
  const settings = () => ['--data-folder', world.server.data, '--conferences', 'demo', '--http-port', String(world.server.port), '--media-port', String(world.server.port)];

  it('knows the server that runs', async () => {
    const { status, text } = await doctor(...settings());
    assert.equal(status, 0, text);
    assert.match(text, new RegExp(`^ok +Port UDP ${world.server.port} \\(media\\.port\\) is in use by the Bridgehall that is running\\.$`, 'm'));
    for (const line of text.trim().split('\n')) assert.match(line, /^(ok|attention|problem) +\S.*\S$/);
  });

  it('names a stranger on the port, says how to find it, and ends with 1', async () => {
    const stranger = createSocket('udp4');
    await new Promise((done) => stranger.bind(0, () => done(undefined)));
    const { port } = stranger.address();
    const { status, text } = await doctor('--json', '--data-folder', world.server.data, '--http-port', '0', '--media-port', String(port));
    stranger.close();
    assert.equal(status, 1);
    const { findings } = JSON.parse(text);
    const found = findings.find(({ code }) => code === 'port.taken');
    assert.equal(found.level, 'problem');
    assert.ok(found.sentence.includes(`ss -lunp 'sport = :${port}'`), found.sentence);
  });

  it('says which roster is wrong and which TURN server is silent', async () => {
    const silent = createSocket('udp4');
    await new Promise((done) => silent.bind(0, '127.0.0.1', () => done(undefined)));
    const turn = `turn:127.0.0.1:${silent.address().port}`;
    const { status, text } = await doctor('--data-folder', '/dev/null/data', '--conferences', 'main', '--http-port', '0', '--turn-servers', turn, '--turn-secret', 'x');
    silent.close();
    assert.equal(status, 1);
    assert.match(text, new RegExp(`^problem +The TURN server ${turn} does not answer`, 'm'));
    assert.match(text, /^problem +The data folder \/dev\/null\/data cannot be written/m);
  });

  it('answers administrators only', async () => {
    const ask = (token) => world.server.api('/api/diagnosis', token);
    assert.equal((await fetch(`${world.server.origin}/api/diagnosis`)).status, 401);
    assert.equal((await ask('a.b.c')).status, 401);
    assert.equal((await ask(world.moderator)).status, 403);
    const token = await administrator();
    const answer = await ask(token);
    assert.equal(answer.status, 200);
    const codes = (await answer.json()).findings.map(({ code }) => code);
    for (const code of ['port.ours', 'roster.ok', 'live.quiet']) assert.ok(codes.includes(code), codes.join(' '));
    // ... and their token opens no conference.
    assert.equal((await world.server.api('/api/conferences/demo/publications', token)).status, 401);
  });

  it('has a page that says the same, in four languages', async () => {
    const context = await world.chromium.newContext({ locale: 'vi-VN', viewport: { width: 1280, height: 800 } });
    await prepare(context, violations);
    const page = await context.newPage();
    await page.goto(`${world.server.origin}/#as=diagnosis&token=${await administrator()}`);
    const line = page.locator('[data-code="offload.ok"] .words');
    await line.waitFor();
    const words = { vi: 'Nhân hệ điều hành', fr: 'Le noyau envoie', de: 'Der Kernel sendet', en: 'The kernel sends' };
    for (const [language, beginning] of Object.entries(words)) {
      await page.locator('header select').selectOption(language);
      await page.locator('.words', { hasText: beginning }).first().waitFor();
      await passesAxe(page);
    }
    await page.locator('header select').selectOption('fr');
    await page.locator('.words', { hasText: words.fr }).first().waitFor();
    await photograph(page, 'doctor');
    await context.close();
  });

  it('asks for an administrator’s token in words', async () => {
    const page = await world.chromium.newPage({ locale: 'en-US' });
    await page.goto(`${world.server.origin}/#as=diagnosis&token=${world.moderator}`);
    await page.getByText('bridgehall token --role administrator').first().waitFor();
    await page.close();
  });

  it('breaks no rule of the content security policy', () => assert.deepEqual(violations, []));
});
