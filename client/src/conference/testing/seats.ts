// Seats of a conference, as tests put them there. A name differs from its id, so that a text with the wrong one is noticed.
import type { Seat } from '../../api/messages';

const gate = { open: false, closed_by: 'nobody' } as const;

// As a conference begins: nobody has come yet.
export const emptySeat = (id: string, change: Partial<Seat> = {}): Seat => ({
  id,
  name: `The ${id}`,
  role: 'site',
  present: false,
  microphone: { ...gate, granted: false },
  camera: gate,
  sends: [],
  ...change,
});

// Somebody is there and seen, the microphone closed.
export const seat = (id: string, change: Partial<Seat> = {}): Seat =>
  emptySeat(id, { present: true, camera: { ...gate, open: true }, sends: ['microphone', 'camera'], ...change });
