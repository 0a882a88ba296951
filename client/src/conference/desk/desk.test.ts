import { describe, expect, it } from 'vitest';

import type { Seat } from '../../api/messages';
import { seat } from '../testing/seats';
import { marksOf, missingPictures } from './marks';
import { countOf, fold, heldRows, queueOf, rowAfter, wantedRows } from './rows';

const open = { open: true, closed_by: 'nobody', granted: true } as const;
const roster = [
  seat('hall', { name: 'Hội trường', microphone: open }),
  seat('ha-giang', { name: 'Hà Giang', place: 'Ủy ban nhân dân tỉnh', present: false }),
  seat('dak-lak', { name: 'Đắk Lắk', hand: { kind: 'reply', raised_at: 2_000 } }),
  seat('koeln', { name: 'Köln', hand: { kind: 'contribution', raised_at: 1_000 } }),
];

describe('the focus of a row that has gone', () => {
  it('goes to the next that is still there, else to the one before', () => {
    expect(rowAfter('b', ['a', 'b', 'c'], ['a', 'c'])).toBe('c');
    expect(rowAfter('a', ['a', 'b', 'c'], ['c'])).toBe('c');
    expect(rowAfter('c', ['a', 'b', 'c'], ['a', 'b', 'd'])).toBe('b');
    expect(rowAfter('a', ['a'], [])).toBeUndefined();
    expect(rowAfter('x', ['a'], ['a'])).toBe('a');
  });
});

describe('the list of seats', () => {
  it('has who is here first, both in the roster’s order', () => expect(wantedRows(roster, 'all', '')).toEqual(['hall', 'dak-lak', 'koeln', 'ha-giang']));
  it('is filtered by how seats stand', () => {
    expect(wantedRows(roster, 'live', '')).toEqual(['hall']);
    expect(wantedRows(roster, 'away', '')).toEqual(['ha-giang']);
    expect((['all', 'present', 'live', 'hands', 'away'] as const).map((filter) => countOf(roster, filter))).toEqual([4, 3, 1, 2, 1]);
  });
  it('is searched by name and place, without accents', () => {
    expect([fold('ĐẮK Lắk'), fold('Hội'), fold('Straße')]).toEqual(['dak lak', 'hoi', 'strasse']);
    expect(wantedRows(roster, 'all', 'dak')).toEqual(['dak-lak']);
    expect(wantedRows(roster, 'all', ' TINH  giang ')).toEqual(['ha-giang']);
    expect(wantedRows(roster, 'all', 'koln')).toEqual(['koeln']);
  });
  it('keeps every row where it is while somebody points at it', () => {
    expect(heldRows(['a', 'b', 'c'], ['c', 'd', 'a'])).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('the queue', () => {
  it('is in the order of asking', () => expect(queueOf(roster).map(({ id }) => id)).toEqual(['koeln', 'dak-lak']));
});

describe('the marks', () => {
  const keys = (change: Partial<Seat>, { onStage = false, speaking = false, pictureMissing = false } = {}) => marksOf({ seat: seat('a', change), onStage, speaking, pictureMissing }).map(({ key }) => key);
  it('say who is live, and who speaks', () => {
    expect(keys({ microphone: open })).toEqual(['desk.live']);
    expect(keys({ microphone: open }, { speaking: true, onStage: true })).toEqual(['people.speaking', 'people.onStage']);
    expect(keys({}, { speaking: true })).toEqual([]);
  });
  it('say who is not here, and nothing else of them', () => expect(keys({ present: false, microphone: open }, { pictureMissing: true })).toEqual(['people.away']));
  it('say what the chair has closed', () => {
    const closed = { open: false, closed_by: 'chair' } as const;
    expect(keys({ microphone: { ...closed, granted: false }, camera: closed })).toEqual(['people.microphoneClosedByChair', 'slot.closed.chair']);
  });
  it('say why there is no picture', () => {
    expect(keys({ sends: ['microphone'] }, { pictureMissing: true })).toEqual(['desk.noCamera']);
    expect(keys({}, { pictureMissing: true })).toEqual(['desk.noPicture']);
    expect(keys({ role: 'viewer', sends: [] })).toEqual([]);
  });
  it('know whose picture does not arrive', () => {
    expect([...missingPictures([{ slot: 1, seat: 'a', state: 'not_sending', quality: 'low' }, { slot: 2, seat: 'b', state: 'showing', quality: 'low' }, { slot: 3, state: 'not_sending', quality: 'off' }])]).toEqual(['a']);
  });
});
