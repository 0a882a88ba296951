// All of the conference's keys in one table, and which of them a press means. Pure. A letter is a shortcut only while shortcuts are
// on (WCAG 2.1.4) and nobody is typing; arrows and the like, which every list has, are not switched off.
import type { Action } from '../api/messages';
import type { PlainKey } from '../messages/index';

export type ShortcutAction =
  | 'own_microphone' | 'push_to_talk' | 'own_camera' | 'hand' | 'people' | 'chat' | 'layout' | 'full_screen' | 'help'
  | 'search' | 'give_floor' | 'mute_all' | 'lock' | 'hall_speaker' | 'hall_side_by_side' | 'hall_mosaic' | 'hall_slides'
  | 'up' | 'down' | 'left' | 'right' | 'first' | 'last' | 'page_up' | 'page_down'
  | 'seat_microphone' | 'seat_camera' | 'seat_stage' | 'seat_alone' | 'seat_remove'; // prettier-ignore

// list: only while the focus is in the list of seats.
export type ShortcutPlace = 'room' | 'lead' | 'list';

export interface Shortcut {
  action: ShortcutAction;
  keys: readonly string[]; // as KeyboardEvent.key has them, letters small
  place: ShortcutPlace;
  text: Extract<PlainKey, `keys.${string}`>;
  needs?: Action; // whoever may not is neither told of it nor served
  always?: true; // no character key
}

export const shortcuts: readonly Shortcut[] = [
  { action: 'own_microphone', keys: ['m'], place: 'room', text: 'keys.ownMicrophone' },
  { action: 'push_to_talk', keys: [' '], place: 'room', text: 'keys.pushToTalk' },
  { action: 'own_camera', keys: ['v'], place: 'room', text: 'keys.ownCamera' },
  { action: 'hand', keys: ['h'], place: 'room', text: 'keys.hand', needs: 'raise_hand' },
  { action: 'people', keys: ['p'], place: 'room', text: 'keys.people' },
  { action: 'chat', keys: ['c'], place: 'room', text: 'keys.chat' },
  { action: 'layout', keys: ['l'], place: 'room', text: 'keys.layout' },
  { action: 'full_screen', keys: ['f'], place: 'room', text: 'keys.fullScreen' },
  { action: 'help', keys: ['?'], place: 'room', text: 'keys.help' },

  { action: 'search', keys: ['/'], place: 'lead', text: 'keys.search', needs: 'set_stage' },
  { action: 'give_floor', keys: ['g'], place: 'lead', text: 'keys.giveFloor', needs: 'open_microphone' },
  { action: 'mute_all', keys: ['q'], place: 'lead', text: 'keys.muteAll', needs: 'close_microphone' },
  { action: 'lock', keys: ['k'], place: 'lead', text: 'keys.lock', needs: 'lock' },
  { action: 'hall_speaker', keys: ['1'], place: 'lead', text: 'keys.hallSpeaker', needs: 'set_layout' },
  { action: 'hall_side_by_side', keys: ['2'], place: 'lead', text: 'keys.hallSideBySide', needs: 'set_layout' },
  { action: 'hall_mosaic', keys: ['3'], place: 'lead', text: 'keys.hallMosaic', needs: 'set_layout' },
  { action: 'hall_slides', keys: ['4'], place: 'lead', text: 'keys.hallSlides', needs: 'set_layout' },

  { action: 'up', keys: ['ArrowUp'], place: 'list', text: 'keys.up', needs: 'set_stage', always: true },
  { action: 'down', keys: ['ArrowDown'], place: 'list', text: 'keys.down', needs: 'set_stage', always: true },
  { action: 'left', keys: ['ArrowLeft'], place: 'list', text: 'keys.left', needs: 'set_stage', always: true },
  { action: 'right', keys: ['ArrowRight'], place: 'list', text: 'keys.right', needs: 'set_stage', always: true },
  { action: 'page_up', keys: ['PageUp'], place: 'list', text: 'keys.pageUp', needs: 'set_stage', always: true },
  { action: 'page_down', keys: ['PageDown'], place: 'list', text: 'keys.pageDown', needs: 'set_stage', always: true },
  { action: 'first', keys: ['Home'], place: 'list', text: 'keys.first', needs: 'set_stage', always: true },
  { action: 'last', keys: ['End'], place: 'list', text: 'keys.last', needs: 'set_stage', always: true },
  { action: 'seat_microphone', keys: ['o'], place: 'list', text: 'keys.seatMicrophone', needs: 'open_microphone' },
  { action: 'seat_camera', keys: ['i'], place: 'list', text: 'keys.seatCamera', needs: 'open_camera' },
  { action: 'seat_stage', keys: ['s'], place: 'list', text: 'keys.seatStage', needs: 'set_stage' },
  { action: 'seat_alone', keys: ['a'], place: 'list', text: 'keys.seatAlone', needs: 'close_microphone' },
  { action: 'seat_remove', keys: ['Delete'], place: 'list', text: 'keys.seatRemove', needs: 'remove', always: true },
];

// What has the focus: text is being typed, or a button that Space and Enter press.
export type Focus = 'text' | 'button' | 'elsewhere';

export interface Press {
  key: string;
  modified: boolean; // with Ctrl, Alt or Meta
  composing: boolean; // by an input method
  focus: Focus;
}

export function shortcutFor({ key, modified, composing, focus }: Press, places: readonly ShortcutPlace[], on: boolean): Shortcut | null {
  if (modified || composing || focus === 'text') return null;
  if (focus === 'button' && (key === ' ' || key === 'Enter')) return null;
  const plain = key.length === 1 ? key.toLowerCase() : key;
  const found = shortcuts.find((shortcut) => shortcut.keys.includes(plain) && places.includes(shortcut.place));
  return found && (on || found.always) ? found : null;
}

// Those that somebody with these rights can use, for the help.
export const shortcutsFor = (may: ReadonlySet<Action>): Shortcut[] => shortcuts.filter(({ needs }) => !needs || may.has(needs));

// As the help shows a key.
const shown: Record<string, string> = { ArrowUp: '↑', ArrowDown: '↓', ArrowLeft: '←', ArrowRight: '→' };
export function keyName(key: string, space: string): string {
  if (key === ' ') return space;
  return shown[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}
