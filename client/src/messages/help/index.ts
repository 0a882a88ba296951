// Loaded only by who has trouble with camera or microphone.
import type { Language } from '../index';
import type { en } from './en';

export type HelpKey = keyof typeof en;
export type HelpMessages = Record<HelpKey, string>;

export const helpLoaders: Record<Language, () => Promise<HelpMessages>> = {
  en: async () => (await import('./en')).en,
  de: async () => (await import('./de')).de,
  fr: async () => (await import('./fr')).fr,
  vi: async () => (await import('./vi')).vi,
};
