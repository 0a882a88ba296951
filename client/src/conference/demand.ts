// Which tile is shown in which slot, and what is asked of the server for it. Pure.
import type { SlotDemand } from '../api/messages';
import type { Place } from './media-session';

// A subject that stays visible keeps its slot, so that its picture goes on unbroken; the others get the free ones in order.
export function assignSlots(before: ReadonlyMap<string, number>, keys: readonly string[], slots: readonly number[]): Map<string, number> {
  const wanted = keys.slice(0, slots.length);
  const assigned = new Map<string, number>();
  for (const key of wanted) {
    const slot = before.get(key);
    if (slot !== undefined && slots.includes(slot)) assigned.set(key, slot);
  }
  const taken = new Set(assigned.values());
  const free = slots.filter((slot) => !taken.has(slot));
  for (const key of wanted) {
    if (!assigned.has(key)) assigned.set(key, free.shift()!);
  }
  return assigned;
}

const same = (a: SlotDemand | undefined, b: SlotDemand) => a !== undefined && a.seat === b.seat && a.quality === b.quality && (a.camera ?? 0) === (b.camera ?? 0);

// Sound alone: nothing of any picture.
export const noPictures = (places: readonly Place[]): Map<number, SlotDemand> =>
  new Map(places.filter(({ use }) => use !== 'voice').map(({ slot }) => [slot, { slot, quality: 'off' }]));

// What has to be said so that `wanted` holds where `asked` was said before. A slot that is no longer wanted is turned off.
export function demandChanges(asked: ReadonlyMap<number, SlotDemand>, wanted: ReadonlyMap<number, SlotDemand>): SlotDemand[] {
  const changes = [...wanted.values()].filter((demand) => !same(asked.get(demand.slot), demand));
  for (const demand of asked.values()) {
    if (!wanted.has(demand.slot) && demand.quality !== 'off') changes.push({ slot: demand.slot, quality: 'off' });
  }
  return changes;
}
