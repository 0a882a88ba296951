// Which seats the desk's list shows, and in what order. Pure.
import type { Seat } from '../../api/messages';

export type RowFilter = 'all' | 'present' | 'live' | 'hands' | 'away';
export const rowFilters: readonly RowFilter[] = ['all', 'present', 'live', 'hands', 'away'];

const passes: Record<RowFilter, (seat: Seat) => boolean> = {
  all: () => true,
  present: (seat) => seat.present,
  live: (seat) => seat.present && seat.microphone.open,
  hands: (seat) => seat.hand !== undefined,
  away: (seat) => !seat.present,
};

export const countOf = (seats: readonly Seat[], filter: RowFilter): number => seats.reduce((sum, seat) => sum + Number(passes[filter](seat)), 0);

// 'Đắk Lắk' is found by 'dak lak'.
export function fold(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('đ', 'd')
    .replaceAll('ß', 'ss')
    .replaceAll('œ', 'oe');
}

function matches(seat: Seat, words: readonly string[]): boolean {
  const text = fold(`${seat.name} ${seat.place ?? ''}`);
  return words.every((word) => text.includes(word));
}

// Who is here first; both in the roster's order, which people know.
export function wantedRows(seats: readonly Seat[], filter: RowFilter, query: string): string[] {
  const words = fold(query).split(/\s+/).filter(Boolean);
  const found = seats.filter((seat) => passes[filter](seat) && (words.length === 0 || matches(seat, words)));
  return [...found.filter((seat) => seat.present), ...found.filter((seat) => !seat.present)].map(({ id }) => id);
}

// While somebody points at the list no row moves: who comes is added at the end, who no longer belongs there stays.
export function heldRows(before: readonly string[], wanted: readonly string[]): string[] {
  const known = new Set(before);
  return [...before, ...wanted.filter((id) => !known.has(id))];
}

// Whose row takes the focus of one that has gone from a list: the next that is still there, else the one before.
export function rowAfter(gone: string, before: readonly string[], now: readonly string[]): string | undefined {
  const at = before.indexOf(gone);
  return before.slice(at + 1).find((id) => now.includes(id)) ?? before.slice(0, Math.max(at, 0)).findLast((id) => now.includes(id));
}

// Where the floor was asked for, first come first.
export type Asking = Seat & { hand: NonNullable<Seat['hand']> };
export function queueOf(seats: readonly Seat[]): Asking[] {
  return seats.filter((seat): seat is Asking => seat.hand !== undefined).sort((a, b) => a.hand.raised_at - b.hand.raised_at);
}
