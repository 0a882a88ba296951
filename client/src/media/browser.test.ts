import { describe, expect, it } from 'vitest';

import { browserOf } from './browser';

const signs = (userAgent: string, more: Partial<Parameters<typeof browserOf>[0]> = {}) => browserOf({ userAgent, brands: [], platform: '', touchPoints: 0, ...more });
const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('a browser says what it is', () => {
  it.each([
    ['chrome', 'windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/141.0.0.0 Safari/537.36`],
    ['chrome', 'macos', `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webkit} Chrome/141.0.0.0 Safari/537.36`],
    ['chrome', 'linux', `Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/141.0.0.0 Safari/537.36`],
    ['chrome', 'linux', `Mozilla/5.0 (X11; Linux x86_64) ${webkit} HeadlessChrome/141.0.0.0 Safari/537.36`],
    ['chrome', 'chromeos', `Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${webkit} Chrome/141.0.0.0 Safari/537.36`],
    ['chrome', 'android', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/141.0.0.0 Mobile Safari/537.36`],
    ['chrome', 'ios', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1'],
    ['edge', 'windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0`],
    ['edge', 'android', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} Chrome/141.0.0.0 Mobile Safari/537.36 EdgA/141.0.0.0`],
    ['samsung', 'android', `Mozilla/5.0 (Linux; Android 10; K) ${webkit} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`],
    ['opera', 'windows', `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${webkit} Chrome/139.0.0.0 Safari/537.36 OPR/123.0.0.0`],
    ['firefox', 'windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0'],
    ['firefox', 'linux', 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'],
    ['firefox', 'android', 'Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0'],
    ['firefox', 'ios', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/143.0 Mobile/15E148 Safari/605.1.15'],
    ['safari', 'macos', 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15'],
    ['safari', 'ios', 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1'],
  ] as const)('%s on %s', (name, system, userAgent) => expect(signs(userAgent)).toEqual({ name, system }));

  it('is an iPad, though it says Mac', () => {
    const userAgent = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15';
    expect(signs(userAgent, { touchPoints: 5 })).toEqual({ name: 'safari', system: 'ios' });
  });
  it('is believed by its hints first', () => {
    const userAgent = `Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/141.0.0.0 Safari/537.36`;
    expect(signs(userAgent, { brands: ['Chromium', 'Microsoft Edge'], platform: 'Chrome OS' })).toEqual({ name: 'edge', system: 'chromeos' });
    expect(signs(userAgent, { brands: ['Chromium', 'Google Chrome'], platform: 'macOS' })).toEqual({ name: 'chrome', system: 'macos' });
  });
  it('is somebody, even when nobody knows it', () => expect(signs('curl/8.0')).toEqual({ name: 'other', system: 'other' }));
});
