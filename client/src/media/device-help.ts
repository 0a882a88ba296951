// What to do in that very browser when camera and microphone are not to be had: steps, in order.
import type { HelpKey } from '../messages/help/index';
import type { Browser } from './browser';
import type { DeviceTrouble } from './device-trouble';

export function helpFor(trouble: DeviceTrouble, browser: Browser): HelpKey[] {
  switch (trouble) {
    case 'refused':
      return [allowedAt(browser), 'goesOn', 'policy'];
    case 'dismissed':
      return ['dismissed'];
    case 'system':
      return [systemAt(browser), ...(browser.system === 'macos' ? (['restart'] as const) : []), 'goesOn'];
    case 'busy':
      return browser.system === 'ios' || browser.system === 'android' ? ['busy.phone', 'busy.restart'] : ['busy.close', 'busy.replug', 'busy.restart'];
    case 'missing':
      return browser.system === 'ios' || browser.system === 'android' ? ['missing.phone'] : ['missing.plug', 'missing.switch', 'missing.system'];
    case 'insecure':
      return ['insecure'];
  }
}

// Where the browser keeps its answer for this page.
function allowedAt({ name, system }: Browser): HelpKey {
  if (system === 'ios') return name === 'safari' ? 'refused.iosSafari' : 'system.ios';
  if (system === 'android') return name === 'firefox' ? 'refused.androidFirefox' : 'refused.android';
  if (name === 'firefox' || name === 'safari' || name === 'edge') return `refused.${name}`;
  return name === 'other' ? 'refused.other' : 'refused.chrome';
}

function systemAt({ system }: Browser): HelpKey {
  return system === 'windows' || system === 'macos' || system === 'ios' || system === 'android' || system === 'chromeos' ? `system.${system}` : 'system.other';
}
