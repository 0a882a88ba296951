// What this page knows of the conference: the fold of a snapshot and of the events after it. Pure; the same rules as the server's
// own fold, so that a mirror equals the conference at its sequence number as far as this seat may see it.
import type { Conference, Event, Happened, Seat, Snapshot } from '../api/messages';

export interface Mirror {
  readonly sequence: number;
  readonly conference: Conference;
}

// Older messages are forgotten here when they are forgotten there.
const mostChat = 200;

export const mirrorOf = (snapshot: Snapshot): Mirror => ({ sequence: snapshot.sequence, conference: snapshot.conference });

// Numbers may skip: what this seat may not see is left out. What was seen already (said again after a resume) changes nothing.
export function follow(mirror: Mirror, { sequence, event }: Happened): Mirror {
  return sequence <= mirror.sequence ? mirror : { sequence, conference: apply(mirror.conference, event) };
}

export const seatOf = (conference: Conference | undefined, id: string | undefined): Seat | undefined => conference?.seats.find((seat) => seat.id === id);

function change(conference: Conference, id: string, changed: (seat: Seat) => Seat): Conference {
  return { ...conference, seats: conference.seats.map((seat) => (seat.id === id ? changed(seat) : seat)) };
}

function withoutHand(seat: Seat): Seat {
  const { hand: _lowered, ...rest } = seat;
  return rest;
}

function withPlace(conference: Conference, place: 'stage' | 'slides', seat: string | undefined): Conference {
  const { [place]: _before, ...rest } = conference;
  return seat === undefined ? rest : { ...rest, [place]: seat };
}

function apply(conference: Conference, event: Event): Conference {
  switch (event.type) {
    case 'seat_added':
      return seatOf(conference, event.seat.id) ? conference : { ...conference, seats: [...conference.seats, event.seat] };
    case 'joined':
      return change(conference, event.seat, (seat) => ({ ...seat, present: true }));
    case 'left': // the gates stay as they were, for whoever comes back
      return change(conference, event.seat, (seat) => ({ ...withoutHand(seat), present: false, sends: [] }));
    case 'microphone_changed':
      return change(conference, event.seat, (seat) => ({ ...seat, microphone: event.microphone }));
    case 'camera_changed':
      return change(conference, event.seat, (seat) => ({ ...seat, camera: event.camera }));
    case 'sends_changed':
      return change(conference, event.seat, (seat) => ({ ...seat, sends: event.sends }));
    case 'stage_changed':
      return withPlace(conference, 'stage', event.seat);
    case 'slides_changed':
      return withPlace(conference, 'slides', event.seat);
    case 'mode_changed':
      return { ...conference, mode: event.mode };
    case 'layout_changed':
      return { ...conference, layout: event.layout };
    case 'lock_changed':
      return { ...conference, locked: event.locked };
    case 'hand_raised':
      return change(conference, event.seat, (seat) => ({ ...seat, hand: event.hand }));
    case 'hand_lowered':
      return change(conference, event.seat, withoutHand);
    case 'chat_said':
      return { ...conference, chat: [...conference.chat, event.message].slice(-mostChat) };
    default: // of a newer server: its number is taken, its content is not understood
      return conference;
  }
}
