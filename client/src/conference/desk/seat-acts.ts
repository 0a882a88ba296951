// What can be done to a seat now, in the order of the buttons. Pure.
import type { Action, Seat } from '../../api/messages';
import type { MessageKey } from '../../messages/index';
import type { IconName } from '../../ui/Icon.svelte';
import { sendsItself } from '../roles';
import type { Command } from '../signalling';

export interface SeatAct {
  what: 'microphone' | 'camera' | 'stage' | 'alone' | 'remove';
  icon: IconName;
  tone: 'live' | 'staged' | 'on' | 'off';
  label: Extract<MessageKey, 'do.openMicrophoneOf' | 'do.closeMicrophoneOf' | 'do.openCameraOf' | 'do.closeCameraOf' | 'do.stage' | 'do.unstage' | 'do.remove' | 'desk.allBut'>;
  command: Command;
}

export interface Rights {
  own: boolean;
  onStage: boolean;
  may: ReadonlySet<Action>;
}

export function actsOn(seat: Seat, { own, onStage, may }: Rights): SeatAct[] {
  const acts: SeatAct[] = [];
  const { id } = seat;
  const there = seat.present && sendsItself(seat.role);
  // The own ones are among the own controls.
  if (there && !own) {
    if (seat.microphone.open && may.has('close_microphone'))
      acts.push({ what: 'microphone', icon: 'microphone', tone: 'live', label: 'do.closeMicrophoneOf', command: { type: 'close_microphone', seat: id } });
    else if (!seat.microphone.open && may.has('open_microphone'))
      acts.push({ what: 'microphone', icon: 'microphoneOff', tone: 'off', label: 'do.openMicrophoneOf', command: { type: 'open_microphone', seat: id } });
    if (seat.camera.open && may.has('close_camera')) acts.push({ what: 'camera', icon: 'camera', tone: 'on', label: 'do.closeCameraOf', command: { type: 'close_camera', seat: id } });
    else if (!seat.camera.open && may.has('open_camera')) acts.push({ what: 'camera', icon: 'cameraOff', tone: 'off', label: 'do.openCameraOf', command: { type: 'open_camera', seat: id } });
  }
  if (may.has('set_stage')) {
    if (onStage) acts.push({ what: 'stage', icon: 'stage', tone: 'staged', label: 'do.unstage', command: { type: 'set_stage' } });
    else if (there) acts.push({ what: 'stage', icon: 'stage', tone: 'off', label: 'do.stage', command: { type: 'set_stage', seat: id } });
  }
  if (there && !own && may.has('close_microphone')) acts.push({ what: 'alone', icon: 'alone', tone: 'off', label: 'desk.allBut', command: { type: 'close_microphones', except: id } });
  if (seat.present && !own && may.has('remove')) acts.push({ what: 'remove', icon: 'remove', tone: 'off', label: 'do.remove', command: { type: 'remove', seat: id } });
  return acts;
}
