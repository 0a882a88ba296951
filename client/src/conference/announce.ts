// What of the conference's events is said aloud by screen readers, and shown for a moment. Pure.
import type { Conference, Happened } from '../api/messages';
import type { CountKey, MessageKey } from '../messages/index';
import { seatOf } from './mirror';

type CrowdKey = Extract<CountKey, `announce.${string}`>;

export interface Announcement {
  key: Exclude<Extract<MessageKey, `announce.${string}`>, CrowdKey>;
  name: string;
}

// Numbered by the page: a server that starts anew counts its events from the beginning.
export interface Announced extends Announcement {
  number: number;
  atMs: number;
  many: { key: CrowdKey; people: number } | null; // in place of a name
}

// Said at once, whatever else is being said: whether one can be heard must not wait.
export const isUrgent = ({ key }: Announcement): boolean => key === 'announce.microphoneOpened' || key === 'announce.microphoneClosed';

const togetherMs = 3_000;
const kept = 5;
const crowds: Partial<Record<Announcement['key'], CrowdKey>> = { 'announce.joined': 'announce.come', 'announce.left': 'announce.gone' };

// Two hundred sites that come at once are one sentence: who follows soon after another is counted instead of named.
export function gather(before: readonly Announced[], said: Announcement, nowMs: number): Announced[] {
  const last = before.at(-1);
  const crowd = crowds[said.key];
  const number = (last?.number ?? 0) + 1;
  if (!last || !crowd || last.key !== said.key || nowMs - last.atMs > togetherMs) return [...before.slice(1 - kept), { ...said, number, atMs: nowMs, many: null }];
  return [...before.slice(0, -1), { ...last, number, atMs: nowMs, many: { key: crowd, people: (last.many?.people ?? 1) + 1 } }];
}

export function announce({ event }: Happened, before: Conference, own: string): Announcement | null {
  const say = (key: Announcement['key'], seat: string): Announcement => ({ key, name: seatOf(before, seat)?.name ?? seat });
  switch (event.type) {
    case 'joined':
      return event.seat === own ? null : say('announce.joined', event.seat);
    case 'left':
      return event.seat === own ? null : say('announce.left', event.seat);
    case 'hand_raised':
      return event.seat === own ? say('announce.ownHandRaised', own) : say('announce.handRaised', event.seat);
    case 'stage_changed':
      if (event.seat === undefined) return say('announce.stageEmpty', own);
      return event.seat === own ? say('announce.ownStage', own) : say('announce.stage', event.seat);
    case 'slides_changed':
      if (event.seat !== undefined) return event.seat === own ? say('announce.ownSlides', own) : say('announce.slides', event.seat);
      if (before.slides === undefined) return null;
      return before.slides === own ? say('announce.ownSlidesEnded', own) : say('announce.slidesEnded', before.slides);
    case 'lock_changed':
      return say(event.locked ? 'announce.locked' : 'announce.unlocked', own);
    case 'mode_changed':
      // Whoever the chair has muted stays so.
      if (event.mode === 'discussion' && seatOf(before, own)?.microphone.closed_by === 'chair') return null;
      return say(`announce.mode.${event.mode}`, own);
    case 'chat_said':
      return event.message.seat === own ? null : say('announce.chat', event.message.seat);
    case 'microphone_changed': {
      const was = seatOf(before, event.seat)?.microphone;
      const given = event.microphone.open && !was?.open && event.microphone.granted && !was?.granted;
      if (given) return event.seat === own ? say('announce.microphoneOpened', own) : say('announce.floorGiven', event.seat);
      if (event.seat !== own) return null;
      // By nobody in person: by the chair's taking over from a discussion.
      const byChair = event.microphone.closed_by === 'chair' || (event.microphone.closed_by === 'nobody' && before.mode === 'conference');
      if (was?.open && !event.microphone.open && byChair) return say('announce.microphoneClosed', own);
      return null;
    }
    case 'camera_changed': {
      if (event.seat !== own) return null;
      return seatOf(before, own)?.camera.open && event.camera.closed_by === 'chair' ? say('announce.cameraClosed', own) : null;
    }
    default:
      return null;
  }
}
