// The hall's screen: a viewer's seat whose link says view=wall, and what stands on it.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { invite } from './participants.mjs';

/** @typedef {import('playwright-core').Page} Page */
/** @typedef {import('./server.mjs').Server} Server */

const key = '5c4ee17000000000000000000000beef';

/** Gives the demo a viewer's seat with that id where it has none. The server starts again for it. @param {Server} server */
export async function addScreen(server) {
  const path = join(server.data, 'conferences', 'demo.json');
  const roster = JSON.parse(await readFile(path, 'utf8'));
  if (roster.seats.some(({ id }) => id === 'screen')) return;
  await server.end();
  roster.seats.push({ id: 'screen', name: 'Màn chiếu', role: 'viewer', invitation: key, serial: 1 });
  await writeFile(path, JSON.stringify(roster));
  await server.begin();
}

/** Nobody presses anything. @param {import('playwright-core').Browser} browser @param {Server} server @param {Parameters<typeof invite>[3]} [options] */
export const openScreen = (browser, server, options = {}) => invite(browser, server, 'screen', { hash: '&view=wall', phase: 'room', ...options });

/** Every text that can be seen, with the height of its letters as a part of the window's. @param {Page} page @returns {Promise<{ text: string, part: number }[]>} */
export function lettering(page) {
  return page.evaluate(() => {
    const all = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
      const text = walk.currentNode.textContent.trim();
      const element = walk.currentNode.parentElement;
      if (!text || ['SCRIPT', 'STYLE', 'NOSCRIPT'].includes(element.tagName) || element.closest('.visually-hidden')) continue;
      const style = getComputedStyle(element);
      const range = document.createRange();
      range.selectNodeContents(walk.currentNode);
      const { width, height } = range.getBoundingClientRect();
      if (!width || !height || style.visibility === 'hidden' || style.clipPath !== 'none') continue;
      all.push({ text, part: parseFloat(style.fontSize) / innerHeight });
    }
    return all;
  });
}

/** @param {Page} page @param {string} what */
export async function isReadableFromAfar(page, what) {
  for (const size of [{ width: 1920, height: 1080 }, { width: 1280, height: 720 }, { width: 360, height: 740 }]) {
    await page.setViewportSize(size);
    const texts = await lettering(page);
    assert.ok(texts.length > 0, `${what}: there is something to read`);
    // On a phone it is what fits.
    if (size.width > size.height) assert.deepEqual(texts.filter(({ part }) => part < 1 / 25), [], `${what} at ${size.width} × ${size.height}`);
    const clock = await page.locator('time').boundingBox();
    assert.ok(clock && clock.x + clock.width <= size.width && clock.y + clock.height <= size.height, `${what}: the clock is in sight`);
  }
}
