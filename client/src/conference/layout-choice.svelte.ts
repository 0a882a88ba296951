// How this person wants the pictures divided, kept for the next time; null: as in the hall.
import type { Layout } from '../api/messages';
import { keepChoice, recallChoice } from '../choices';

export const layouts: readonly Layout[] = ['speaker', 'side_by_side', 'mosaic', 'slides'];
const choice = 'layout';

export class LayoutChoice {
  own = $state<Layout | null>(layouts.find((layout) => layout === recallChoice(choice)) ?? null);

  set(layout: Layout | null): void {
    this.own = layout;
    keepChoice(choice, layout);
  }
}
