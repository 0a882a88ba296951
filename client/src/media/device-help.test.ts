import { describe, expect, it } from 'vitest';

import { helpLoaders } from '../messages/help/index';
import { en } from '../messages/help/en';
import { languages, type Language } from '../messages/index';
import type { BrowserName, SystemName } from './browser';
import { helpFor } from './device-help';
import type { DeviceTrouble } from './device-trouble';

const names: BrowserName[] = ['chrome', 'edge', 'samsung', 'opera', 'firefox', 'safari', 'other'];
const systems: SystemName[] = ['windows', 'macos', 'linux', 'chromeos', 'android', 'ios', 'other'];
const troubles: DeviceTrouble[] = ['refused', 'dismissed', 'system', 'missing', 'busy', 'insecure'];

describe('help with devices', () => {
  it('is there for every trouble in every browser, and nothing is left unused', () => {
    const used = new Set<string>();
    for (const trouble of troubles)
      for (const name of names)
        for (const system of systems) {
          const steps = helpFor(trouble, { name, system });
          expect(steps.length, `${trouble} ${name} ${system}`).toBeGreaterThan(0);
          for (const step of steps) used.add(step);
        }
    expect([...used].sort()).toEqual(Object.keys(en).sort());
  });
  it('names the place in that very browser', () => {
    const first = (trouble: DeviceTrouble, name: BrowserName, system: SystemName) => helpFor(trouble, { name, system })[0];
    expect(first('refused', 'chrome', 'windows')).toBe('refused.chrome');
    expect(first('refused', 'edge', 'windows')).toBe('refused.edge');
    expect(first('refused', 'firefox', 'linux')).toBe('refused.firefox');
    expect(first('refused', 'safari', 'macos')).toBe('refused.safari');
    expect(first('refused', 'safari', 'ios')).toBe('refused.iosSafari');
    expect(first('refused', 'chrome', 'ios')).toBe('system.ios');
    expect(first('refused', 'samsung', 'android')).toBe('refused.android');
    expect(first('system', 'chrome', 'macos')).toBe('system.macos');
    expect(helpFor('system', { name: 'chrome', system: 'macos' })).toContain('restart');
  });
  for (const language of Object.keys(languages) as Language[])
    it(`has words in ${language}`, async () => {
      const messages = await helpLoaders[language]();
      expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
      for (const [key, text] of Object.entries(messages)) {
        expect(text.trim(), key).not.toBe('');
        if (language !== 'en') expect(text, key).not.toBe(en[key as keyof typeof en]);
      }
    });
});
