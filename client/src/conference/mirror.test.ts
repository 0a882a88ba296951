import { describe, expect, it } from 'vitest';

import type { Conference, Event } from '../api/messages';
import { follow, mirrorOf, seatOf, type Mirror } from './mirror';
import { emptySeat, seat } from './testing/seats';

const conference: Conference = { id: 'demo', title: 'Demo', mode: 'discussion', layout: 'speaker', locked: false, seats: [emptySeat('hall', { role: 'hall' }), emptySeat('a')], chat: [] };
const start = mirrorOf({ type: 'snapshot', sequence: 10, conference });
const after = (mirror: Mirror, ...events: Event[]) =>
  events.reduce((folded, event) => follow(folded, { type: 'happened', sequence: folded.sequence + 1, event }), mirror).conference;

describe('the mirror', () => {
  it('takes numbers that skip, and leaves out what it has seen', () => {
    const skipped = follow(start, { type: 'happened', sequence: 17, event: { type: 'lock_changed', locked: true } });
    expect(skipped).toEqual({ sequence: 17, conference: { ...conference, locked: true } });
    expect(follow(skipped, { type: 'happened', sequence: 17, event: { type: 'lock_changed', locked: false } })).toBe(skipped);
  });
  it('lets people come and go; gates stay, hand and tracks go', () => {
    const there = after(
      start,
      { type: 'joined', seat: 'a' },
      { type: 'sends_changed', seat: 'a', sends: ['microphone', 'camera'] },
      { type: 'microphone_changed', seat: 'a', microphone: { open: true, closed_by: 'nobody', granted: true } },
      { type: 'camera_changed', seat: 'a', camera: { open: true, closed_by: 'nobody' } },
      { type: 'hand_raised', seat: 'a', hand: { kind: 'reply', raised_at: 5 } },
    );
    const open = { microphone: { open: true, closed_by: 'nobody' as const, granted: true }, camera: { open: true, closed_by: 'nobody' as const } };
    expect(seatOf(there, 'a')).toEqual(seat('a', { sends: ['microphone', 'camera'], hand: { kind: 'reply', raised_at: 5 }, ...open }));
    const gone = after({ sequence: 20, conference: there }, { type: 'left', seat: 'a', reason: 'lost' });
    expect(seatOf(gone, 'a')).toEqual(emptySeat('a', open));
  });
  it('adds a seat once', () => {
    const added = after(start, { type: 'seat_added', seat: emptySeat('b') }, { type: 'seat_added', seat: emptySeat('b', { name: 'other' }) });
    expect(added.seats.map(({ name }) => name)).toEqual(['The hall', 'The a', 'The b']);
  });
  it('knows stage and slides, or nobody', () => {
    const shown = after(start, { type: 'stage_changed', seat: 'a' }, { type: 'slides_changed', seat: 'hall' });
    expect(shown).toMatchObject({ stage: 'a', slides: 'hall' });
    const empty = after({ sequence: 20, conference: shown }, { type: 'stage_changed' }, { type: 'slides_changed' });
    expect(empty).toEqual(conference);
  });
  it('lowers hands, changes the mode', () => {
    const raised = after(start, { type: 'hand_raised', seat: 'a', hand: { kind: 'technical', raised_at: 1 } }, { type: 'mode_changed', mode: 'conference' });
    expect(seatOf(raised, 'a')?.hand?.kind).toBe('technical');
    expect(after({ sequence: 20, conference: raised }, { type: 'hand_lowered', seat: 'a' })).toEqual({ ...conference, mode: 'conference' });
  });
  it('keeps the latest two hundred messages', () => {
    const said = Array.from({ length: 203 }, (_, index): Event => ({ type: 'chat_said', message: { number: index + 1, seat: 'a', text: 'x', to: 'everyone', sent_at: 0 } }));
    const { chat } = after(start, ...said);
    expect([chat.length, chat[0]?.number, chat.at(-1)?.number]).toEqual([200, 4, 203]);
  });
  it('passes over events and seats that it does not know', () => {
    expect(after(start, { type: 'coffee_served' } as unknown as Event, { type: 'joined', seat: 'nobody' })).toEqual(conference);
  });
  it('leaves untouched seats the same objects, so that their tiles are not drawn anew', () => {
    expect(after(start, { type: 'joined', seat: 'a' }).seats[0]).toBe(conference.seats[0]);
  });
});
