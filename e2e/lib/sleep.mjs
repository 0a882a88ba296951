// A browser that sleeps, as a laptop whose lid is closed: none of its processes runs for a while, and its clocks go on.
import { readdirSync, readFileSync } from 'node:fs';

import { launchChromium } from './browsers.mjs';

/** @returns {Map<number, number>} of every process its parent */
function parents() {
  const all = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      all.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  }
  return all;
}

const childrenOf = (pid) => [...parents()].filter(([, parent]) => parent === pid).map(([child]) => child);

/** @param {number} root @returns {number[]} it and all that it has started, in turn */
function familyOf(root) {
  const all = parents();
  const family = [root];
  for (const member of family) for (const [child, parent] of all) if (parent === member) family.push(child);
  return family;
}

/** @param {number[]} pids @param {NodeJS.Signals} signal */
function tell(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended.
    }
  }
}

/** Chromium that can sleep. @returns {Promise<{ browser: import('playwright-core').Browser, sleep: (milliseconds: number) => Promise<void> }>} */
export async function launchSleeper() {
  const before = childrenOf(process.pid);
  const browser = await launchChromium();
  const [root] = childrenOf(process.pid).filter((pid) => !before.includes(pid));
  const sleep = async (milliseconds) => {
    const family = familyOf(root);
    tell(family, 'SIGSTOP');
    try {
      await new Promise((done) => setTimeout(done, milliseconds));
    } finally {
      tell(family, 'SIGCONT');
    }
  };
  return { browser, sleep };
}
