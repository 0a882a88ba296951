import { describe, expect, it } from 'vitest';

import source from '../../../src/app/doctor/words.cpp?raw';
import { doctorLoaders } from './doctor/index';
import { en } from './en';
import { helpLoaders } from './help/index';
import { chooseLanguage, fill, formFor, languages, loaders, pluralForms, type Language, type MessageKey } from './index';

const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();

describe('the messages', () => {
  for (const language of Object.keys(languages) as Language[]) {
    it(`are complete in ${language}`, async () => {
      const messages = await loaders[language]();
      expect(Object.keys(messages).sort()).toEqual(Object.keys(en).sort());
      for (const key of Object.keys(en) as MessageKey[]) {
        expect(messages[key].trim(), key).not.toBe('');
        const forms = en[key].includes('|') ? messages[key].split('|') : [messages[key]];
        expect(forms, key).toHaveLength(en[key].includes('|') ? pluralForms[language].length : 1);
        for (const form of forms) expect(placeholders(form), key).toEqual(placeholders(en[key].split('|')[0] ?? ''));
      }
    });

    it(`are translated, not copied, in ${language}`, async () => {
      if (language === 'en') return;
      const messages = await loaders[language]();
      const copied = (Object.keys(en) as MessageKey[]).filter((key) => messages[key] === en[key] && /[A-Za-z]{4}/.test(en[key].replace(/\{\w+\}/g, '')));
      // The one word that French and English share.
      expect(copied.filter((key) => key !== 'publish.microphone')).toEqual([]);
    });
  }

  it('have the form of the number', () => {
    expect([0, 1, 2].map((number) => formFor('en', 'one|other', number))).toEqual(['other', 'one', 'other']);
    expect([0, 1, 2, 1_000_000].map((number) => formFor('fr', 'one|many|other', number))).toEqual(['one', 'one', 'other', 'many']);
    expect(formFor('vi', 'other', 1)).toBe('other');
  });

  for (const language of Object.keys(languages) as Language[])
    it(`know the forms of ${language}`, () => expect([...pluralForms[language]].sort()).toEqual([...new Intl.PluralRules(language).resolvedOptions().pluralCategories].sort()));

  it('keep a placeholder that has no value visible', () => {
    expect(fill('{name} is live', {})).toBe('{name} is live');
    expect(fill('{name} is live', { name: 'Hà Nội' })).toBe('Hà Nội is live');
  });
});

// Read as text: a key stands there whole, or as `refusal.${code}`; in a type it only says which keys there are.
describe('every message is said somewhere', () => {
  const sources = Object.entries(import.meta.glob<string>('../**/*.{ts,svelte}', { query: '?raw', import: 'default', eager: true }))
    .filter(([path]) => !/\.test\.ts$|\/testing\/|\/(vi|fr|de|en)\.ts$/.test(path))
    .map(([, text]) => text.replaceAll('${string}', ''));
  const said = new Set(sources.flatMap((text) => [...text.matchAll(/['"`]([\w.]+)['"`]/g)].map(([, key]) => key)));
  const patterns = [...new Set(sources.flatMap((text) => [...text.matchAll(/`([\w.]+\.\$\{[^`]*\})`/g)].map(([, template]) => template!)))].map(
    (template) => new RegExp(`^${template.split(/\$\{[^}]*\}/).map((fixed) => fixed.replaceAll('.', '\\.')).join('\\w+')}$`),
  );
  const unsaid = (keys: string[]) => keys.filter((key) => !said.has(key) && !patterns.some((pattern) => pattern.test(key)));

  it('of the page', () => expect(unsaid(Object.keys(en))).toEqual([]));
  it('of the help with devices', async () => expect(unsaid(Object.keys(await helpLoaders.en()))).toEqual([]));
  it('and one that is not is found', () => expect(unsaid(['join.join', 'nobody.saysThis', 'refusal.nobody.saysThis'])).toEqual(['nobody.saysThis', 'refusal.nobody.saysThis']));
});

describe('the doctor', () => {
  const languageNames = Object.keys(languages) as Language[];
  const words = Object.fromEntries([...source.matchAll(/^ {4}\{"([\w.]+)", "((?:[^"\\]|\\.)*)"\},$/gm)].map(([, code, text]) => [code, text]));

  it('says here in English what it says on the command line', async () => {
    expect(Object.keys(words).length).toBeGreaterThan(40);
    expect(await doctorLoaders.en()).toEqual(words);
  });

  for (const language of languageNames) {
    it(`has words for every finding in ${language}`, async () => {
      const messages = await doctorLoaders[language]();
      expect(Object.keys(messages).sort()).toEqual(Object.keys(words).sort());
      for (const [code, text] of Object.entries(messages)) {
        expect(placeholders(text), code).toEqual(placeholders(words[code] ?? ''));
        if (language !== 'en') expect(text, code).not.toBe(words[code]);
      }
    });
  }
});

describe('the language', () => {
  it('is the first of the browser that we speak', () => {
    expect(chooseLanguage(null, ['ja', 'fr-CA', 'en'])).toBe('fr');
    expect(chooseLanguage(null, ['vi-VN'])).toBe('vi');
  });
  it('is what the person chose before', () => expect(chooseLanguage('de', ['vi'])).toBe('de'));
  it('is English when there is nothing better', () => expect(chooseLanguage('tlh', ['constructor', ''])).toBe('en'));
});
