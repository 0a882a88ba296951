// How a page looks and whether everyone can use it: axe, the keyboard, narrow windows, photographs; and what the content security
// policy stops.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {import('playwright-core').Page} Page */

const pictures = fileURLToPath(new URL('../../build/screenshots', import.meta.url));
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Pages of this context have axe in them, and note here what the policy stops and what they throw. @param {import('playwright-core').BrowserContext} context @param {string[]} violations */
export async function prepare(context, violations) {
  await context.addInitScript({ content: axe });
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => console.error(`CSP ${event.violatedDirective} ${event.blockedURI}`));
    // The fake devices' names are a file's path and the like.
    const devices = navigator.mediaDevices;
    if (!devices) return; // about:blank
    const enumerate = devices.enumerateDevices.bind(devices);
    const names = { videoinput: 'Hall camera', audioinput: 'Desk microphone' };
    devices.enumerateDevices = async () => (await enumerate()).map(({ kind, deviceId, groupId }) => ({ kind, deviceId, groupId, label: names[kind] ?? '' }));
  });
  context.on('console', (message) => message.type() === 'error' && message.text().startsWith('CSP') && violations.push(message.text()));
  context.on('weberror', (error) => violations.push(String(error.error())));
}

/** The page has followed its window, and is laid out. @param {Page} page */
async function settled(page) {
  const { width, height } = page.viewportSize();
  await page.waitForFunction(
    async ([wide, high]) => {
      await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
      return innerWidth === wide && innerHeight === high;
    },
    [width, height],
  );
}

/** @param {Page} page */
export async function passesAxe(page) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await settled(page);
    const found = await page.evaluate(async () => {
      const result = await window.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
        rules: { 'target-size': { enabled: true } },
      });
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | ')}`);
    });
    assert.deepEqual(found, [], colorScheme);
  }
}

/** @param {Page} page @param {string} what */
export async function fits(page, what) {
  const [overflow, width] = await page.evaluate(() => [document.documentElement.scrollWidth - document.documentElement.clientWidth, window.innerWidth]);
  assert.equal(overflow, 0, `${what} is wider than a window of ${width} px`);
}

/** @param {Page} page @param {string} name */
export async function photograph(page, name) {
  for (const [width, height] of [[360, 740], [1280, 800], [3840, 2160]]) {
    await page.setViewportSize({ width, height });
    for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(pictures, `${name}-${width}-${colorScheme}.png`), fullPage: width === 360 });
    }
    await fits(page, name);
  }
}

/** Tabs until the focus is on what has this name; every stop on the way must be visible, and nothing lie over it. @param {Page} page @param {string} name */
export async function tabTo(page, name) {
  for (let stop = 0; stop < 40; stop += 1) {
    await page.keyboard.press('Tab');
    const focus = await page.evaluate(() => {
      const element = document.activeElement;
      const style = getComputedStyle(element);
      const { x, y, width, height } = element.getBoundingClientRect();
      const found = document.elementFromPoint(x + width / 2, y + height / 2); // null: out of sight
      const over = element === document.body || (found && (element.contains(found) || found.contains(element))) ? '' : (found?.outerHTML.slice(0, 200) ?? 'the edge of the window');
      return { name: element.getAttribute('aria-label') ?? element.textContent.trim(), outline: element === document.body ? 1 : parseFloat(style.outlineWidth), over };
    });
    assert.ok(focus.outline > 0, `the focus on "${focus.name}" cannot be seen`);
    assert.equal(focus.over, '', `the focus on "${focus.name}" is covered`);
    if (focus.name.startsWith(name)) return;
  }
  assert.fail(`"${name}" cannot be reached by Tab`);
}
