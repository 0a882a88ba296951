// What the conference page says in each situation. Pure, so that it can be tested without a conference.
import type { Mode, RefusalCode, Seat, SlotContent, UnrecordedClosing } from '../api/messages';
import type { Problem } from '../api/problem';
import { refusalKey as httpRefusalKey } from '../api/refusal';
import { en } from '../messages/en';
import type { MessageKey, PlainKey } from '../messages/index';
import type { Ending } from './lifeline';
import type { Command } from './signalling';

type RefusalKey = Extract<PlainKey, `refusal.${string}`>;

// What was refused, or did not come about.
export interface Notice {
  code: RefusalCode | 'lost' | 'screen';
  what: Command['type'];
}

// A newer server may have codes that this page does not know.
export function refusalKey(code: RefusalCode | 'lost' | 'browser'): RefusalKey {
  const key = `refusal.${code}`;
  return Object.hasOwn(en, key) ? (key as RefusalKey) : 'refusal.malformed';
}

// In sharing a screen the person can do something about it; and who needs the floor in a discussion was muted by the chair.
export function noticeKey({ code, what }: Notice, mode: Mode | undefined): PlainKey {
  if (code === 'needs_floor' && mode === 'discussion') return 'status.closedByChair';
  if (code === 'screen') return 'trouble.screen';
  return what === 'share_slides' && code === 'not_allowed' ? 'share.notAllowed' : refusalKey(code);
}

// What stands in a tile, the stage or the slides' place instead of a picture; null while the picture is shown. `refused`: there is no
// media session, so none is coming.
export function tileWords(seat: Seat | undefined, content: SlotContent | undefined, refused = false): PlainKey | null {
  if (refused) return 'word.refused';
  if (!seat) return 'slot.empty';
  if (!seat.present) return 'slot.away';
  if (!seat.camera.open) return seat.camera.closed_by === 'chair' ? 'slot.closed.chair' : 'slot.closed';
  if (content?.seat !== seat.id) return 'slot.waiting';
  if (content.state === 'showing') return null;
  return content.state === 'empty' ? 'slot.waiting' : `slot.${content.state}`;
}

export function slidesWords(content: SlotContent | undefined, refused = false): PlainKey | null {
  if (refused) return 'word.refused';
  if (content?.state === 'showing') return null;
  return content && content.state !== 'empty' && content.state !== 'closed' ? `slot.${content.state}` : 'slot.waiting';
}

export function seatMicrophoneKey(seat: Seat): PlainKey {
  if (seat.microphone.open) return 'people.microphoneOpen';
  return seat.microphone.closed_by === 'chair' ? 'people.microphoneClosedByChair' : 'people.microphoneClosed';
}

// A closing that took effect and is not recorded; the name is of whoever it concerns.
export function unrecordedKey(closing: UnrecordedClosing): Extract<MessageKey, `record.closed.${string}`> {
  return `record.closed.${closing.what}`;
}

export function endingKey(ending: Ending): PlainKey {
  switch (ending.why) {
    case 'refused':
      return refusalKey(ending.code);
    case 'problem':
      return problemKey(ending.problem);
    default:
      return `over.${ending.why}`;
  }
}

export function problemKey(problem: Problem): PlainKey {
  return problem.status === 404 ? 'over.unknown' : httpRefusalKey(problem);
}

// Whether the person can do something about it on this page, and what the button says.
export function wayBack(ending: Ending): PlainKey | null {
  switch (ending.why) {
    case 'left':
    case 'removed':
      return 'join.again';
    case 'replaced':
      return 'join.takeBack';
    case 'revoked':
      return null;
    case 'refused':
      return 'publish.again';
    case 'problem':
      return ending.problem.status === 404 ? null : 'publish.again';
  }
}
