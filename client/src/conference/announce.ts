// What of the conference's events is said aloud by screen readers, and shown for a moment. Pure.
import type { Conference, Happened } from '../api/messages';
import type { MessageKey } from '../messages/index';
import { seatOf } from './mirror';

export interface Announcement {
  key: Extract<MessageKey, `announce.${string}`>;
  name: string;
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
      return event.seat === undefined || event.seat === own ? null : say('announce.slides', event.seat);
    case 'lock_changed':
      return say(event.locked ? 'announce.locked' : 'announce.unlocked', own);
    case 'mode_changed':
      return say(`announce.mode.${event.mode}`, own);
    case 'chat_said':
      return event.message.seat === own ? null : say('announce.chat', event.message.seat);
    case 'microphone_changed': {
      if (event.seat !== own) return null;
      const was = seatOf(before, own)?.microphone;
      if (event.microphone.open && !was?.open && event.microphone.granted && !was?.granted) return say('announce.microphoneOpened', own);
      if (was?.open && !event.microphone.open && event.microphone.closed_by === 'chair') return say('announce.microphoneClosed', own);
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
