// How things stand with one's own place: one word that can be read from the back of the room, and what to do next. Pure.
import type { Mode, Seat } from '../api/messages';
import type { PlainKey } from '../messages/index';
import type { IconName } from '../ui/Icon.svelte';
import type { Tone } from '../ui/Status.svelte';
import type { LifelineState } from './lifeline';
import type { MediaState } from './media-path';
import { refusalKey } from './words';

export interface OwnSituation {
  link: LifelineState['kind'];
  media: MediaState;
  offline: boolean; // the browser knows of no network
  restarting: boolean; // the server said so
  slept: boolean; // this device, a moment ago
  unreachable: boolean; // the server, at the last try
  led: boolean; // somebody is there who can give the floor
  own: Seat | undefined;
  mode: Mode | undefined;
  room: boolean; // a hall or a site: without a camera it is not really there
  hasMicrophone: boolean;
  hasCamera: boolean;
  maySpeak: boolean;
  mayEver: boolean; // this role speaks at all
  heldBack: boolean; // the microphone was closed by coming back, not by anybody
  pushToTalk: boolean;
  talking: boolean; // the button is held
  hasKeys: boolean; // rather than a finger alone
}

export interface OwnState {
  word: Extract<PlainKey, `word.${string}`>;
  tone: Tone;
  icon: IconName;
  next: PlainKey;
}

const state = (word: OwnState['word'], tone: Tone, icon: IconName, next: PlainKey): OwnState => ({ word, tone, icon, next });

export function ownState(situation: OwnSituation): OwnState {
  return connection(situation) ?? place(situation);
}

// null while everything is connected.
function connection({ link, media, offline, restarting, slept, unreachable }: OwnSituation): OwnState | null {
  if (media.kind === 'refused') return state('word.refused', 'bad', 'close', refusalKey(media.code));
  if (link === 'live' && media.kind === 'connected') return null;
  if (offline) return state('word.offline', 'bad', 'noNetwork', 'status.offline');
  const first = media.kind === 'none' || media.kind === 'joining' || media.kind === 'connecting';
  if (restarting) return state('word.restarting', 'warn', 'again', 'status.restarting');
  if (slept) return state('word.woke', 'warn', 'again', 'status.woke');
  if (first && unreachable) return state('word.joining', 'warn', 'again', 'watch.unreachable');
  if (link !== 'live') return first && media.kind !== 'connecting' ? state('word.joining', 'calm', 'wait', 'status.joining') : state('word.reconnecting', 'warn', 'again', 'status.reconnecting');
  return first ? state('word.joining', 'calm', 'wait', 'status.joining') : state('word.reconnecting', 'warn', 'again', 'status.media');
}

function place(situation: OwnSituation): OwnState {
  const { own, room, hasMicrophone, hasCamera, maySpeak, heldBack, pushToTalk, talking, hasKeys } = situation;
  if (!situation.mayEver || !own) return state('word.watching', 'calm', 'watch', 'status.watching');
  const unseen = room && !hasCamera;
  if (!hasMicrophone) return state('word.noMicrophone', room ? 'warn' : 'calm', 'microphoneOff', room && own.microphone.open ? 'status.microphoneLost' : 'status.noMicrophone');
  if (own.microphone.open) {
    if (pushToTalk && !talking) return state('word.hold', 'calm', 'microphone', hasKeys ? 'status.hold' : 'status.holdButton');
    return unseen ? state('word.liveUnseen', 'warn', 'cameraOff', 'status.speakingUnseen') : state('word.live', 'good', 'microphone', 'status.speaking');
  }
  if (!maySpeak && own.hand) return state('word.handRaised', 'calm', 'hand', situation.led ? 'status.waiting' : 'status.waitingUnled');
  if (!maySpeak && own.microphone.closed_by === 'chair' && situation.mode === 'discussion') return state('word.mutedByChair', 'warn', 'microphoneOff', 'status.closedByChair');
  if (heldBack && maySpeak) return state('word.muted', 'warn', 'microphoneOff', 'status.heldBack');
  // While one waits is the time to find a camera.
  if (unseen) return state('word.noCamera', 'warn', 'cameraOff', 'status.noCamera');
  if (!maySpeak) return state('word.waiting', 'calm', 'wait', 'status.needsFloor');
  if (own.microphone.closed_by === 'chair') return state('word.mutedByChair', 'warn', 'microphoneOff', 'status.mayOpenAgain');
  if (pushToTalk) return state('word.hold', 'calm', 'microphone', hasKeys ? 'status.hold' : 'status.holdButton');
  return state(own.microphone.closed_by === 'self' ? 'word.mutedBySelf' : 'word.muted', 'calm', 'microphoneOff', 'status.closed');
}
