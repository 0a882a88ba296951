// Loaded by the administrators' page only.
import type { Language } from '../index';
import type { en } from './en';

export type DoctorMessages = Record<keyof typeof en, string>;

export const doctorLoaders: Record<Language, () => Promise<DoctorMessages>> = {
  en: async () => (await import('./en')).en,
  de: async () => (await import('./de')).de,
  fr: async () => (await import('./fr')).fr,
  vi: async () => (await import('./vi')).vi,
};
