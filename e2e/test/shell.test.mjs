// The installed page: it opens without a server and says so, keeps no secrets, and lives through a new version of itself.
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join as joinPath } from 'node:path';
import { after, before, describe, it } from 'node:test';

import { launchChromium } from '../lib/browsers.mjs';
import { prepare } from '../lib/looks.mjs';
import { join, readSeats } from '../lib/participants.mjs';
import { program, Server } from '../lib/server.mjs';
import { until } from '../lib/until.mjs';

describe('the installed page', () => {
  /** @type {import('playwright-core').Browser} */
  let chromium;
  /** @type {Server} */
  let server;
  /** @type {string} a copy of the client, which a test may change */
  let client;
  /** @type {string[]} */
  const violations = [];
  const noting = (t) => ({ ceiling: 40_000, note: (line) => t.diagnostic(line) });

  before(async () => {
    client = await mkdtemp(joinPath(tmpdir(), 'bridgehall-client-'));
    await cp(process.env.BRIDGEHALL_CLIENT ?? joinPath(dirname(program), 'client'), client, { recursive: true });
    [server, chromium] = await Promise.all([Server.start({ flags: ['--http-client-folder', client] }), launchChromium()]);
  });
  after(async () => {
    await chromium?.close();
    await server?.remove();
    await rm(client, { recursive: true, force: true });
  });

  async function open(fragment = '') {
    const context = await chromium.newContext({ locale: 'en-US' });
    await prepare(context, violations);
    const page = await context.newPage();
    await page.goto(`${server.origin}/${fragment}`);
    return page;
  }

  /** @param {import('playwright-core').Page} page */
  const isKept = (page, t) => until('the page is kept', () => page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration())?.active)), noting(t));

  it('has a manifest and icons that a browser takes for an application', async () => {
    const page = await open();
    const devtools = await page.context().newCDPSession(page);
    const { errors, url } = await devtools.send('Page.getAppManifest');
    assert.ok(url.endsWith('/manifest.webmanifest'));
    assert.deepEqual(errors, []);
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    assert.deepEqual(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito'), []);
    await page.context().close();
  });

  it('opens without a server, says so, and goes on when there is one', async (t) => {
    const [{ invitation, name }] = await readSeats(server);
    const page = await open();
    await isKept(page, t);
    await server.end();
    await page.reload();
    await page.getByText('The server cannot be reached. The page keeps trying by itself.').waitFor();
    await page.goto(`${server.origin}/#invitation=${invitation}`);
    await page.getByText('The server cannot be reached. The page keeps trying by itself.').waitFor();
    await server.begin();
    await until('the invitation is opened', () => page.getByRole('heading', { name: `Join as ${name}` }).isVisible(), noting(t));
    await page.context().close();
  });

  it('opens without a network, and goes on when there is one', async (t) => {
    const page = await open();
    await isKept(page, t);
    await page.context().setOffline(true);
    await page.reload();
    await page.getByText('The server cannot be reached. The page keeps trying by itself.').waitFor();
    await page.context().setOffline(false);
    await until('the server is reached', async () => (await page.locator('main').getAttribute('data-state')) === 'answered', noting(t));
    await page.context().close();
  });

  it('keeps its own files only: no answer of the server, no invitation, no token', async (t) => {
    const site = await join(chromium, server, 'ha-giang', { width: 320, height: 180 });
    await isKept(site.page, t);
    const kept = await site.page.evaluate(async () => {
      const all = [];
      for (const name of await caches.keys()) for (const { url } of await (await caches.open(name)).keys()) all.push(new URL(url));
      return all.map(({ pathname, search, hash }) => pathname + search + hash);
    });
    assert.ok(kept.length > 10, `${kept}`);
    assert.deepEqual(kept.filter((path) => !/^\/(assets\/[\w.-]+|bridgehall\.svg|icon-192\.png|manifest\.webmanifest)?$/.test(path)), []);
    const stored = await site.page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]));
    const { invitation } = (await readSeats(server)).find(({ id }) => id === 'ha-giang');
    assert.ok(!stored.includes(invitation) && !/eyJ/.test(stored), stored);
    await site.close();
  });

  it('goes on in a conference while the server gets a new version, with the files of its own', async (t) => {
    const site = await join(chromium, server, 'ha-giang', { width: 320, height: 180 });
    const hall = await join(chromium, server, 'hall', { width: 320, height: 180 });
    await isKept(site.page, t);
    await site.page.evaluate(() => (window.sameDocument = true));
    await server.end();
    // Another build: its worker differs, and the files that this page has not loaded yet are gone.
    const worker = joinPath(client, 'sw.js');
    await writeFile(worker, `${(await readFile(worker, 'utf8')).replace('{name:"', '{name:"next-').replace('{"name":"', '{"name":"next-')}\n`);
    for (const compressed of ['br', 'gz']) await rm(`${worker}.${compressed}`, { force: true });
    for (const name of await readdir(joinPath(client, 'assets'))) if (/^fr-/.test(name)) await rm(joinPath(client, 'assets', name));
    await server.begin();
    await site.sees('hall', noting(t));
    await site.page.evaluate(async () => void (await (await navigator.serviceWorker.getRegistration())?.update().catch(() => undefined)));
    await site.page.locator('header select').selectOption('fr');
    await until('the page speaks French', async () => (await site.page.locator('html').getAttribute('lang')) === 'fr', noting(t));
    await site.sees('hall', noting(t));
    assert.equal(await site.page.evaluate(() => window.sameDocument), true);
    await Promise.all([site.close(), hall.close()]);
  });

  it('breaks no rule of the content security policy and throws nothing', () => assert.deepEqual(violations, []));
});
