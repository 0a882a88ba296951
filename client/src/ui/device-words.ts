// What the pages that have a camera and a microphone say of them. Pure, so that the words can be tested without a camera.
import type { DeviceTrouble } from '../media/device-trouble';
import type { PlainKey } from '../messages/index';
import type { Tone } from './Status.svelte';

export interface DeviceSituation {
  asking: boolean;
  hasPicture: boolean;
  hasSound: boolean;
  sharing: boolean;
  cameraOn: boolean;
  microphoneOn: boolean;
  cameraTrouble: DeviceTrouble | null;
  microphoneTrouble: DeviceTrouble | null;
  screenTrouble: boolean;
}

export interface StatusWords {
  key: PlainKey;
  tone: Tone;
}

// The same of both is said once.
const bothKey = ({ cameraTrouble, microphoneTrouble }: DeviceSituation): PlainKey | null =>
  cameraTrouble !== null && cameraTrouble === microphoneTrouble && cameraTrouble !== 'busy' && cameraTrouble !== 'insecure' ? `trouble.both.${cameraTrouble}` : null;

const troubleKey = (device: 'camera' | 'microphone', trouble: DeviceTrouble): PlainKey =>
  trouble === 'insecure' ? 'trouble.insecure' : `trouble.${device}.${trouble}`;

// The one sentence that matters most, while nothing is sent yet.
export function deviceStatus(situation: DeviceSituation): StatusWords {
  if (situation.asking) return { key: 'state.asking', tone: 'calm' };
  if (situation.hasPicture || situation.hasSound) return { key: 'state.ready', tone: 'calm' };
  if (situation.cameraTrouble) return { key: bothKey(situation) ?? troubleKey('camera', situation.cameraTrouble), tone: 'warn' };
  return { key: 'state.asking', tone: 'calm' };
}

// What else the person in front of the camera should know; `said` is the sentence above it.
export function deviceNotes(situation: DeviceSituation, said: PlainKey): PlainKey[] {
  if (situation.asking) return [];
  const notes: PlainKey[] = [];
  const both = bothKey(situation);
  if (situation.sharing) notes.push('state.sharing');
  else if (both) notes.push(both);
  else if (situation.cameraTrouble) notes.push(troubleKey('camera', situation.cameraTrouble));
  else if (situation.hasPicture && !situation.cameraOn) notes.push('state.cameraOff');
  if (situation.microphoneTrouble && (!both || situation.sharing)) notes.push(troubleKey('microphone', situation.microphoneTrouble));
  else if (situation.hasSound && !situation.microphoneOn) notes.push('state.muted');
  if (situation.screenTrouble) notes.push('trouble.screen');
  return [...new Set(notes)].filter((note) => note !== said);
}
