// What the conference page says in each situation. Pure, so that it can be tested without a conference.
import type { Mode, RefusalCode, Seat, SlotContent, UnrecordedClosing } from '../api/messages';
import type { Problem } from '../api/problem';
import { refusalKey as httpRefusalKey } from '../api/refusal';
import { en } from '../messages/en';
import type { MessageKey, PlainKey } from '../messages/index';
import type { Tone } from '../ui/Status.svelte';
import type { Ending, LifelineState } from './lifeline';
import type { MediaState } from './media-path';

type RefusalKey = Extract<PlainKey, `refusal.${string}`>;

// A newer server may have codes that this page does not know.
export function refusalKey(code: RefusalCode | 'lost' | 'browser'): RefusalKey {
  const key = `refusal.${code}`;
  return Object.hasOwn(en, key) ? (key as RefusalKey) : 'refusal.malformed';
}

// What stands in a tile, the stage or the slides' place instead of a picture; null while the picture is shown.
export function tileWords(seat: Seat | undefined, content: SlotContent | undefined): PlainKey | null {
  if (!seat) return 'slot.empty';
  if (!seat.present) return 'slot.away';
  if (!seat.camera.open) return seat.camera.closed_by === 'chair' ? 'slot.closed.chair' : 'slot.closed';
  if (content?.seat !== seat.id) return 'slot.waiting';
  if (content.state === 'showing') return null;
  return content.state === 'empty' ? 'slot.waiting' : `slot.${content.state}`;
}

export function slidesWords(content: SlotContent | undefined): PlainKey | null {
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

export interface OwnSituation {
  link: LifelineState['kind'];
  media: MediaState;
  own: Seat | undefined;
  mode: Mode | undefined;
  hasMicrophone: boolean;
  maySpeak: boolean;
  mayEver: boolean; // this role speaks at all
  heldBack: boolean;
}

// The one sentence beside the own picture.
export function ownStatus(situation: OwnSituation): { key: PlainKey; tone: Tone } {
  const { link, media, own } = situation;
  if (media.kind === 'refused') return { key: refusalKey(media.code), tone: 'bad' };
  if (link !== 'live') return media.kind === 'none' || media.kind === 'joining' ? { key: 'status.joining', tone: 'calm' } : { key: 'status.reconnecting', tone: 'warn' };
  if (media.kind === 'none' || media.kind === 'joining' || media.kind === 'connecting') return { key: 'status.joining', tone: 'calm' };
  if (media.kind !== 'connected') return { key: 'status.media', tone: 'warn' };
  if (!situation.mayEver || !own) return { key: 'status.watching', tone: 'calm' };
  if (!situation.hasMicrophone) return { key: 'status.noMicrophone', tone: 'calm' };
  if (own.microphone.open) return { key: 'status.speaking', tone: 'good' };
  if (situation.heldBack && situation.maySpeak) return { key: 'status.heldBack', tone: 'warn' };
  if (!situation.maySpeak && own.hand) return { key: 'status.closed', tone: 'calm' }; // asked for already
  if (!situation.maySpeak) return { key: own.microphone.closed_by === 'chair' && situation.mode === 'discussion' ? 'status.closedByChair' : 'status.needsFloor', tone: 'warn' };
  return { key: 'status.closed', tone: 'calm' };
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
