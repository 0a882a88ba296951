// The language in use, for the components: `speech.say('publish.start')` changes by itself when the language does.
import { keepChoice, recallChoice } from '../choices';
import { chooseLanguage, fill, formFor, loaders, type CountKey, type Language, type MessageKey, type Messages, type Values } from './index';
import { en } from './en';

const choice = 'language';

class Speech {
  language = $state<Language>('en');
  #messages = $state.raw<Messages>(en);

  begin(): Promise<void> {
    return this.#take(chooseLanguage(recallChoice(choice), navigator.languages));
  }

  async choose(language: Language): Promise<void> {
    await this.#take(language);
    keepChoice(choice, language);
  }

  say<Key extends MessageKey>(key: Key, ...values: Values<Key>): string {
    return fill(this.#messages[key], values[0]);
  }

  // A text with forms for numbers; its {number} is filled in here.
  count<Key extends CountKey>(key: Key, number: number): string {
    return fill(formFor(this.language, this.#messages[key], number), { number: this.number(number) });
  }

  rate(bitsPerSecond: number): string {
    const kilobits = bitsPerSecond / 1000;
    return kilobits < 1000
      ? this.say('rate.kilobits', { number: this.number(Math.round(kilobits)) })
      : this.say('rate.megabits', { number: this.number(kilobits / 1000, 1) });
  }

  number(value: number, digits = 0): string {
    return new Intl.NumberFormat(this.language, { minimumFractionDigits: digits, maximumFractionDigits: digits, useGrouping: false }).format(value);
  }

  async #take(language: Language): Promise<void> {
    this.#messages = await loaders[language]();
    this.language = language;
    document.documentElement.lang = language;
  }
}

export const speech = new Speech();
