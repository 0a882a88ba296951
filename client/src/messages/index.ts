// The words of the page in four languages. English is the source: the compiler holds the other three to its keys, a test holds
// them to its placeholders. Only the language in use is loaded.
import { en } from './en';

export type MessageKey = keyof typeof en;
export type Messages = Record<MessageKey, string>;

// A text with forms for numbers, 'one|other' in English, holds those of its language in this order, as CLDR names them.
export const pluralForms = { vi: ['other'], fr: ['one', 'many', 'other'], de: ['one', 'other'], en: ['one', 'other'] } as const satisfies Record<string, readonly Intl.LDMLPluralRule[]>;
export type CountKey = { [Key in MessageKey]: (typeof en)[Key] extends `${string}|${string}` ? Key : never }[MessageKey];

// '{width} × {height}' → 'width' | 'height': a call with a missing value does not compile.
type Placeholder<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Placeholder<Rest> : never;
export type Values<Key extends MessageKey> = [Placeholder<(typeof en)[Key]>] extends [never] ? [] : [Record<Placeholder<(typeof en)[Key]>, string>];

// Messages that need no values.
export type PlainKey = { [Key in MessageKey]: Values<Key> extends [] ? Key : never }[MessageKey];

export const languages = { vi: 'Tiếng Việt', fr: 'Français', de: 'Deutsch', en: 'English' } as const;
export type Language = keyof typeof languages;

export const asLanguage = (text: string | null): Language | null => (text !== null && Object.hasOwn(languages, text) ? (text as Language) : null);

// The first of the person's languages that we speak, regions aside; English when there is none.
export function chooseLanguage(stored: string | null, wished: readonly string[]): Language {
  const known = [stored, ...wished.map((tag) => tag.toLowerCase().split('-')[0] ?? '')].map(asLanguage).find((language) => language !== null);
  return known ?? 'en';
}

export function fill(text: string, values: Record<string, string> = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

// The form of a text for that number.
export function formFor(language: Language, text: string, number: number): string {
  const forms: readonly string[] = pluralForms[language];
  return text.split('|')[forms.indexOf(new Intl.PluralRules(language).select(number))] ?? text;
}

export const loaders: Record<Language, () => Promise<Messages>> = {
  en: () => Promise.resolve(en),
  de: async () => (await import('./de')).de,
  fr: async () => (await import('./fr')).fr,
  vi: async () => (await import('./vi')).vi,
};
