import { expect, it } from 'vitest';

import { treatment } from './rules';

const origin = 'https://bridge.example';
const kept = new Set(['/assets/index-0njJQBCr.js', '/bridgehall.svg']);
const ask = (path: string, { method = 'GET', mode = 'cors' } = {}) => treatment({ method, mode, url: new URL(path, origin).href }, origin, kept);

it('answers for the page and for its own files', () => {
  expect(ask('/', { mode: 'navigate' })).toBe('page');
  expect(ask('/#invitation=8f0c', { mode: 'navigate' })).toBe('page');
  expect(ask('/assets/index-0njJQBCr.js')).toBe('kept');
  expect(ask('/bridgehall.svg', { mode: 'no-cors' })).toBe('kept');
});

it('leaves alone what the server is asked for', () => {
  for (const path of ['/api/demo', '/api/invitations/exchange', '/whep/demo/hall', '/healthz', '/assets/of-another-build-1a2b3c4d.js', '/sw.js']) expect(ask(path), path).toBe('leave');
  expect(ask('/api/demo', { mode: 'navigate' })).toBe('leave');
  expect(ask('/', { method: 'POST', mode: 'navigate' })).toBe('leave');
  expect(ask('/bridgehall.svg?token=1')).toBe('leave');
  expect(ask('https://elsewhere.example/bridgehall.svg')).toBe('leave');
});
