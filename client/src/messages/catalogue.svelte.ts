// A catalogue of its own, of texts that few people need: loaded when a component asks for it, in the language in use.
import type { Language } from './index';
import { speech } from './speech.svelte';

// To be called while a component is made. null until the texts have come.
export function catalogue<Messages>(loaders: Record<Language, () => Promise<Messages>>): { readonly messages: Messages | null } {
  let messages = $state.raw<Messages | null>(null);
  $effect(() => {
    const { language } = speech;
    void loaders[language]().then((loaded) => {
      if (language === speech.language) messages = loaded;
    });
  });
  return {
    get messages() {
      return messages;
    },
  };
}
