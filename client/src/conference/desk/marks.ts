// How a seat stands, as the desk's list shows it: each mark with a colour, an icon and a word. Pure.
import type { Seat, SlotContent } from '../../api/messages';
import type { PlainKey } from '../../messages/index';
import type { IconName } from '../../ui/Icon.svelte';
import { sendsItself } from '../roles';

export interface Mark {
  key: PlainKey;
  icon: IconName;
  tone: 'live' | 'staged' | 'hand' | 'trouble' | 'plain';
}

export interface SeatSituation {
  seat: Seat;
  onStage: boolean;
  speaking: boolean;
  pictureMissing: boolean; // it should come, and does not
}

export function marksOf({ seat, onStage, speaking, pictureMissing }: SeatSituation): Mark[] {
  if (!seat.present) return [...(onStage ? [stage] : []), { key: 'people.away', icon: 'away', tone: 'plain' }];
  const marks: Mark[] = [];
  if (speaking && seat.microphone.open) marks.push({ key: 'people.speaking', icon: 'speaking', tone: 'live' });
  else if (seat.microphone.open) marks.push({ key: 'desk.live', icon: 'microphone', tone: 'live' });
  if (onStage) marks.push(stage);
  if (seat.hand) marks.push({ key: `hand.${seat.hand.kind}`, icon: 'hand', tone: 'hand' });
  if (!seat.microphone.open && seat.microphone.closed_by === 'chair') marks.push({ key: 'people.microphoneClosedByChair', icon: 'microphoneOff', tone: 'plain' });
  if (!sendsItself(seat.role)) return marks;
  if (!seat.sends.includes('camera')) marks.push({ key: 'desk.noCamera', icon: 'cameraOff', tone: 'plain' });
  else if (!seat.camera.open) marks.push({ key: seat.camera.closed_by === 'chair' ? 'slot.closed.chair' : 'people.cameraClosed', icon: 'cameraOff', tone: 'plain' });
  else if (pictureMissing) marks.push({ key: 'desk.noPicture', icon: 'warning', tone: 'trouble' });
  return marks;
}

const stage: Mark = { key: 'people.onStage', icon: 'stage', tone: 'staged' };

// Of those whose picture is asked for here, the ones from whom nothing arrives.
export function missingPictures(slots: Iterable<SlotContent>): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const { seat, state } of slots) if (seat !== undefined && state === 'not_sending') missing.add(seat);
  return missing;
}
