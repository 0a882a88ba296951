import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

const workerName = 'sw.js';
const besides = ['/bridgehall.svg', '/icon-192.png', '/manifest.webmanifest'];

// Tells the service worker the names of the files of this build.
function shell(): Plugin {
  return {
    name: 'shell',
    apply: 'build',
    generateBundle(_, bundle) {
      const worker = bundle[workerName];
      if (worker?.type !== 'chunk' || worker.imports.length > 0) throw new Error('The service worker has to be one classic script.');
      const files = Object.keys(bundle).filter((name) => name.startsWith('assets/')).map((name) => `/${name}`).sort();
      const name = createHash('sha256').update(files.join()).update(readFileSync('index.html')).digest('hex').slice(0, 12);
      worker.code = worker.code.replace('__BUILD__', () => JSON.stringify({ name, files: [...files, ...besides] }));
    },
  };
}

// On a weak line it is the number of requests that costs: what several pages share is one file, what the parts of a
// conference's page share another.
const groups = [
  { name: 'shared', test: /^(?!.*\/src\/conference\/)/, minShareCount: 2, priority: 1 },
  { name: 'conference', minShareCount: 2 },
];

// The server sends `script-src 'self'; style-src 'self'`: nothing may be inlined, so no asset becomes a data: address.
export default defineConfig({
  plugins: [svelte(), shell()],
  build: {
    outDir: process.env.BRIDGEHALL_CLIENT_OUT ?? '../build/client',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox128', 'safari17.5'],
    rolldownOptions: {
      input: { index: 'index.html', worker: 'src/shell/worker.ts' },
      output: { codeSplitting: { groups }, entryFileNames: ({ name }) => (name === 'worker' ? workerName : 'assets/[name]-[hash].js') },
    },
  },
  server: {
    // `npm run dev` beside a running `bridgehall demo --port 8080`.
    proxy: Object.fromEntries(
      ['/api', '/whip', '/whep'].map((path) => [path, { target: process.env.BRIDGEHALL_SERVER ?? 'http://localhost:8080', ws: path === '/api' }]),
    ),
  },
  test: { include: ['src/**/*.test.ts'] },
});
