// What the publishing page says in each situation. Pure, so that the words can be tested without a camera.
import { refusalKey } from '../api/refusal';
import type { DeviceTrouble } from '../media/device-trouble';
import type { SessionState } from '../media/kept-session';
import type { PlainKey } from '../messages/index';
import type { Tone } from '../ui/Status.svelte';

export interface PublishSituation {
  asking: boolean;
  hasPicture: boolean;
  hasSound: boolean;
  sharing: boolean;
  cameraOn: boolean;
  microphoneOn: boolean;
  cameraTrouble: DeviceTrouble | null;
  microphoneTrouble: DeviceTrouble | null;
  screenTrouble: boolean;
  session: SessionState;
  open: boolean | null; // the gate; null while the server has not said
}

export interface Words {
  key: PlainKey;
  tone: Tone;
}

// The same of both is said once.
const bothKey = ({ cameraTrouble, microphoneTrouble }: PublishSituation): PlainKey | null =>
  cameraTrouble !== null && cameraTrouble === microphoneTrouble && cameraTrouble !== 'busy' && cameraTrouble !== 'insecure' ? `trouble.both.${cameraTrouble}` : null;

const troubleKey = (device: 'camera' | 'microphone', trouble: DeviceTrouble): PlainKey =>
  trouble === 'insecure' ? 'trouble.insecure' : `trouble.${device}.${trouble}`;

// The one sentence that matters most.
export function publishStatus(situation: PublishSituation): Words {
  const { session } = situation;
  switch (session.kind) {
    case 'refused':
      return { key: refusalKey(session.problem), tone: 'bad' };
    case 'connecting':
      return { key: 'state.connecting', tone: 'calm' };
    case 'absent': // a 409 that will pass
      return { key: 'refused.409', tone: 'warn' };
    case 'reconnecting':
      return { key: 'state.reconnecting', tone: 'warn' };
    case 'connected':
      if (situation.open === null) return { key: 'state.connecting', tone: 'calm' };
      return situation.open ? { key: 'state.live', tone: 'good' } : { key: 'state.held', tone: 'warn' };
    case 'idle':
      if (situation.asking) return { key: 'state.asking', tone: 'calm' };
      if (situation.hasPicture || situation.hasSound) return { key: 'state.ready', tone: 'calm' };
      if (situation.cameraTrouble) return { key: bothKey(situation) ?? troubleKey('camera', situation.cameraTrouble), tone: 'warn' };
      return { key: 'state.asking', tone: 'calm' };
  }
}

// What else the person in front of the camera should know.
export function publishNotes(situation: PublishSituation): PlainKey[] {
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
  const said = publishStatus(situation).key;
  return [...new Set(notes)].filter((note) => note !== said);
}
