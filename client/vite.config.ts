import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// The server sends `script-src 'self'; style-src 'self'`: nothing may be inlined, so no asset becomes a data: address.
export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: process.env.BRIDGEHALL_CLIENT_OUT ?? '../build/client',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: ['chrome123', 'firefox128', 'safari17.5'],
  },
  server: {
    // `npm run dev` beside a running `bridgehall demo --port 8080`.
    proxy: Object.fromEntries(
      ['/api', '/whip', '/whep'].map((path) => [path, { target: process.env.BRIDGEHALL_SERVER ?? 'http://localhost:8080', ws: path === '/api' }]),
    ),
  },
  test: { include: ['src/**/*.test.ts'] },
});
