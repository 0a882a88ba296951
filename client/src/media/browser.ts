// Which browser this is and what it runs on, as far as a person needs it to find the browser's own settings. Read from what a browser
// says of itself; whoever cannot be told apart gets the words of the family.
export type BrowserName = 'chrome' | 'edge' | 'samsung' | 'opera' | 'firefox' | 'safari' | 'other';
export type SystemName = 'windows' | 'macos' | 'linux' | 'chromeos' | 'android' | 'ios' | 'other';

export interface Browser {
  name: BrowserName;
  system: SystemName;
}

export interface BrowserSigns {
  userAgent: string;
  brands: readonly string[]; // of userAgentData; empty where there is none
  platform: string; // of userAgentData
  touchPoints: number;
}

const names: readonly (readonly [RegExp, BrowserName])[] = [
  [/\bEdg(e|A|iOS)?\//, 'edge'],
  [/\bSamsungBrowser\//, 'samsung'],
  [/\b(OPR|OPT|OPX)\//, 'opera'],
  [/\b(Firefox|FxiOS)\//, 'firefox'],
  [/(Chrome|CriOS|Chromium)\//, 'chrome'],
  [/\bSafari\//, 'safari'],
];

const systems: readonly (readonly [RegExp, SystemName])[] = [
  [/\b(iPhone|iPad|iPod)\b/, 'ios'],
  [/\bAndroid\b/, 'android'],
  [/\bCrOS\b|^Chrom(e|ium) OS$/, 'chromeos'],
  [/\bWindows\b/, 'windows'],
  [/\bMac OS X\b|^macOS$/, 'macos'],
  [/\b(Linux|X11)\b/, 'linux'],
];

const find = <Name>(table: readonly (readonly [RegExp, Name])[], text: string): Name | undefined => table.find(([sign]) => sign.test(text))?.[1];

export function browserOf({ userAgent, brands, platform, touchPoints }: BrowserSigns): Browser {
  const system = find(systems, platform) ?? find(systems, userAgent) ?? 'other';
  const edge = brands.includes('Microsoft Edge');
  return {
    name: edge ? 'edge' : (find(names, userAgent) ?? 'other'),
    // An iPad asks for desktop pages in the name of a Mac; no Mac has a touch screen.
    system: system === 'macos' && touchPoints > 1 ? 'ios' : system,
  };
}

export function thisBrowser(): Browser {
  const { userAgent, maxTouchPoints, userAgentData } = navigator as Navigator & { userAgentData?: { brands: readonly { brand: string }[]; platform: string } };
  return browserOf({ userAgent, brands: (userAgentData?.brands ?? []).map(({ brand }) => brand), platform: userAgentData?.platform ?? '', touchPoints: maxTouchPoints });
}
