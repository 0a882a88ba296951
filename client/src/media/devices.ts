// Which camera, microphone and loudspeaker are used: what is wished, what is there, what is wrong, and what to do about it. Pure: what
// happened goes in, the next state and acts come out; capture.svelte.ts carries them out.
import { isRefusal, type DeviceTrouble } from './device-trouble';

export type Kind = 'camera' | 'microphone' | 'speaker';
export const lanes = ['camera', 'camera2', 'camera3', 'microphone', 'speaker'] as const;
export type Lane = (typeof lanes)[number];
export const kindOf = (lane: Lane): Kind => (lane === 'microphone' || lane === 'speaker' ? lane : 'camera');
export const extraCameras = ['camera2', 'camera3'] as const satisfies readonly Lane[];
const isExtra = (lane: Lane): boolean => lane === 'camera2' || lane === 'camera3';

export interface Device {
  id: string; // '' before the browser may tell, and for the system's own loudspeaker
  label: string;
  group?: string; // of one apparatus: a headset's microphone and loudspeaker
}

type Reason =
  | 'start'
  | 'chosen'
  | 'instead' // of one that is gone or does not open
  | 'back' // the wished one is there again
  | 'again'; // the same once more, with other settings or after a permission

interface Opening {
  id: string; // '': whichever the browser takes
  exact: boolean; // else it is a wish
  why: Reason;
  turn: number;
}

export interface LaneState {
  wish: Device | null; // chosen by the person, now or the last time
  used: Device | null;
  opening: Opening | null;
  lost: Device | null; // was used until it was unplugged
  tried: readonly string[]; // did not open lately
  trouble: DeviceTrouble | null;
  uncompared: boolean; // opened at the start, before it was known whether the wished one is there
}

export type News = { number: number; lane: Lane } & (
  | { what: 'replaced'; lost: string; used: string }
  | { what: 'lost'; lost: string }
  | { what: 'back'; used: string }
  | { what: 'absent'; wish: string; used: string }
  | { what: 'unopened'; wish: string; used: string; trouble: DeviceTrouble }
  | { what: 'offered'; label: string; devices: readonly { lane: Lane; id: string }[] }
);

export type DeviceLists = Readonly<Record<Kind, readonly Device[]>>;

export interface Devices {
  lanes: Readonly<Record<Lane, LaneState>>;
  there: DeviceLists | null; // null: nobody has looked yet
  news: readonly News[]; // the latest few
  room: boolean; // has several cameras
  turns: number;
}

export type Input =
  | { type: 'start'; room: boolean }
  | { type: 'choose'; lane: Lane; id: string }
  | { type: 'opened'; turn: number; lane: Lane; device: Device }
  | { type: 'failed'; turn: number; troubles: Partial<Record<Lane, DeviceTrouble | null>> } // null: for another one's fault
  | { type: 'ended'; lane: Lane } // its track did, and `listed` was told since
  | { type: 'listed'; there: DeviceLists }
  | { type: 'allowed'; kind: Kind } // or may be asked for again
  | { type: 'reopen'; lane: Lane }
  | { type: 'dismiss'; number: number }
  | { type: 'stop' };

export interface Request {
  lane: Lane;
  id: string;
  exact: boolean;
}
// To be opened together, and answered by `opened` or `failed` with the same turn. A lane that uses nothing has no track.
export interface Act {
  turn: number;
  requests: readonly Request[];
}
export interface Step {
  state: Devices;
  acts: readonly Act[];
}

const mostNews = 3;
const pseudo = ['default', 'communications']; // Chromium's names for whichever the system takes
const emptyLane = (wish: Device | null): LaneState => ({ wish, used: null, opening: null, lost: null, tried: [], trouble: null, uncompared: false });

export function begin(wishes: Partial<Record<Lane, Device>>): Devices {
  const states = Object.fromEntries(lanes.map((lane) => [lane, emptyLane(wishes[lane] ?? null)])) as Record<Lane, LaneState>;
  return { lanes: states, there: null, news: [], room: false, turns: 0 };
}

// The devices that have names: those that a person can choose from.
export const named = (state: Devices, kind: Kind): Device[] => (state.there?.[kind] ?? []).filter(({ id }) => id !== '');

// By its id, or by its name where the browser has given it another one.
function findWish(list: readonly Device[], wish: Device | null): Device | undefined {
  if (!wish) return undefined;
  const same = list.filter(({ label }) => label !== '' && label === wish.label);
  return list.find(({ id }) => id !== '' && id === wish.id) ?? (same.length === 1 ? same[0] : undefined);
}

class Draft {
  state: Devices;
  readonly acts: Act[] = [];

  constructor(state: Devices) {
    this.state = state;
  }

  lane(lane: Lane): LaneState {
    return this.state.lanes[lane];
  }

  list(lane: Lane): readonly Device[] {
    return this.state.there?.[kindOf(lane)] ?? [];
  }

  set(lane: Lane, change: Partial<LaneState>): void {
    this.state = { ...this.state, lanes: { ...this.state.lanes, [lane]: { ...this.lane(lane), ...change } } };
  }

  tell(news: Partial<News>): void {
    const number = (this.state.news.at(-1)?.number ?? 0) + 1;
    const kept = this.state.news.filter(({ lane, what }) => what === 'offered' || lane !== news.lane);
    this.state = { ...this.state, news: [...kept, { ...news, number } as News].slice(-mostNews) };
  }

  unsay(lane: Lane): void {
    this.state = { ...this.state, news: this.state.news.filter((each) => each.lane !== lane) };
  }

  open(requests: readonly Request[], why: Reason): void {
    const turn = this.state.turns + 1;
    this.state = { ...this.state, turns: turn };
    for (const { lane, id, exact } of requests) this.set(lane, { opening: { id, exact, why, turn } });
    this.acts.push({ turn, requests });
  }
}

export function step(state: Devices, input: Input): Step {
  const draft = new Draft(state);
  switch (input.type) {
    case 'start':
      start(draft, input.room);
      break;
    case 'choose':
      choose(draft, input.lane, input.id);
      break;
    case 'opened':
      opened(draft, input.turn, input.lane, input.device);
      break;
    case 'failed':
      failed(draft, input.turn, input.troubles);
      break;
    case 'ended':
      ended(draft, input.lane);
      break;
    case 'listed':
      listed(draft, input.there);
      break;
    case 'allowed':
      again(draft, lanes.filter((lane) => kindOf(lane) === input.kind && isRefusal(draft.lane(lane).trouble)));
      break;
    case 'reopen': {
      const { used } = draft.lane(input.lane);
      if (used) draft.open([{ lane: input.lane, id: used.id, exact: used.id !== '' }], 'again');
      break;
    }
    case 'dismiss':
      draft.state = { ...state, news: state.news.filter(({ number }) => number !== input.number) };
      break;
    case 'stop':
      for (const lane of lanes) draft.set(lane, { used: null, opening: null, lost: null, tried: [], trouble: null });
      draft.state = { ...draft.state, news: [] };
      break;
  }
  return { state: draft.state, acts: draft.acts };
}

// Both at once, so that the browser shows one question. What was used the last time is a wish only: before a permission nobody
// knows whether it is there.
function start(draft: Draft, room: boolean): void {
  draft.state = { ...draft.state, room };
  for (const lane of ['camera', 'microphone'] as const) draft.set(lane, { trouble: null, tried: [], lost: null });
  const asked = (['camera', 'microphone'] as const).filter((lane) => !draft.lane(lane).used);
  if (asked.length > 0) draft.open(asked.map((lane) => ({ lane, id: draft.lane(lane).wish?.id ?? '', exact: false })), 'start');
}

function again(draft: Draft, asked: readonly Lane[]): void {
  if (asked.length > 0) draft.open(asked.map((lane) => ({ lane, id: draft.lane(lane).wish?.id ?? '', exact: false })), 'start');
}

function choose(draft: Draft, lane: Lane, id: string): void {
  const none = id === '' && (isExtra(lane) || lane === 'speaker');
  const known = draft.list(lane).find((device) => device.id === id) ?? { id, label: '' };
  draft.unsay(lane);
  draft.set(lane, { wish: none ? null : known, tried: [], lost: null, uncompared: false });
  if (none && isExtra(lane)) draft.set(lane, { used: null, opening: null, trouble: null });
  else draft.open([{ lane, id, exact: id !== '' }], 'chosen');
}

function opened(draft: Draft, turn: number, lane: Lane, device: Device): void {
  const { opening, lost, wish, trouble } = draft.lane(lane);
  if (opening?.turn !== turn) return;
  draft.set(lane, { used: device, opening: null, lost: null, tried: [], trouble: null, uncompared: opening.why === 'start' && wish !== null });
  if (lost && lost.label !== device.label) draft.tell({ lane, what: 'replaced', lost: lost.label, used: device.label });
  else if (opening.why === 'back') draft.tell({ lane, what: 'back', used: device.label });
  else if (opening.why === 'instead' && wish && trouble && wish.label !== device.label) draft.tell({ lane, what: 'unopened', wish: wish.label, used: device.label, trouble });
  else if (lost) draft.unsay(lane);
}

function failed(draft: Draft, turn: number, troubles: Partial<Record<Lane, DeviceTrouble | null>>): void {
  const current = lanes.filter((lane) => lane in troubles && draft.lane(lane).opening?.turn === turn);
  for (const lane of current) {
    const trouble = troubles[lane] ?? null;
    // A missing or refused camera must not cost the microphone.
    if (trouble && (current.length === 1 || isRefusal(trouble))) failedAlone(draft, lane, trouble);
    else {
      const { id, exact, why } = draft.lane(lane).opening!;
      draft.open([{ lane, id, exact }], why);
    }
  }
}

function failedAlone(draft: Draft, lane: Lane, trouble: DeviceTrouble): void {
  const { opening, used, wish, lost, tried, trouble: before } = draft.lane(lane);
  if (!opening) return;
  draft.set(lane, { opening: null, tried: [...tried, opening.id] });
  const label = draft.list(lane).find(({ id }) => id === opening.id)?.label ?? wish?.label ?? '';
  // What was used goes on, where it could stay open.
  if (used && (opening.why === 'chosen' || opening.why === 'back') && used.id !== opening.id) {
    if (opening.why === 'back') return;
    draft.set(lane, { wish: used });
    return draft.tell({ lane, what: 'unopened', wish: label, used: used.label, trouble });
  }
  if (isExtra(lane)) return draft.set(lane, { used: null, trouble });
  const next = isRefusal(trouble) || opening.why === 'chosen' ? undefined : otherThan(draft, lane);
  if (next !== undefined) {
    draft.set(lane, { used: null, lost: lost ?? used, trouble: before ?? trouble });
    return draft.open([{ lane, id: next, exact: next !== '' }], 'instead');
  }
  draft.set(lane, { used: null, trouble: isRefusal(trouble) || !before || before === 'missing' ? trouble : before });
  if (lost && !isRefusal(trouble)) draft.tell({ lane, what: 'lost', lost: lost.label });
}

// Another one to try: the browser's choice, then each that is there.
function otherThan(draft: Draft, lane: Lane): string | undefined {
  const { tried } = draft.lane(lane);
  const list = draft.list(lane);
  if (lane === 'speaker') return tried.includes('') ? undefined : '';
  if (draft.state.there && list.length === 0) return undefined;
  const taken = lanes.filter((other) => other !== lane && kindOf(other) === kindOf(lane)).map((other) => draft.lane(other).used?.id);
  return ['', ...list.map(({ id }) => id)].find((id) => !tried.includes(id) && !(id !== '' && taken.includes(id)));
}

function ended(draft: Draft, lane: Lane): void {
  const { used, wish } = draft.lane(lane);
  if (!used) return;
  // Whoever chose nothing was content with it, and gets it back.
  draft.set(lane, { used: null, lost: used, tried: [], wish: wish ?? used });
  if (isExtra(lane)) {
    draft.set(lane, { trouble: 'missing' });
    draft.tell({ lane, what: 'lost', lost: used.label });
    return;
  }
  // Still there: something else took it away, and it may be had again.
  if (used.id !== '' && draft.list(lane).some(({ id }) => id === used.id)) return draft.open([{ lane, id: used.id, exact: true }], 'again');
  const next = otherThan(draft, lane);
  if (next !== undefined) return draft.open([{ lane, id: next, exact: next !== '' }], 'instead');
  draft.set(lane, { trouble: 'missing' });
  draft.tell({ lane, what: 'lost', lost: used.label });
}

function listed(draft: Draft, there: DeviceLists): void {
  const before = draft.state.there;
  draft.state = { ...draft.state, there };
  const appeared = { camera: newIn('camera', before, there), microphone: newIn('microphone', before, there), speaker: newIn('speaker', before, there) };
  const offers = new Map<string, { label: string; devices: { lane: Lane; id: string }[] }>();
  for (const lane of lanes) {
    const kind = kindOf(lane);
    compareWithWish(draft, lane);
    const { used, opening, wish, trouble } = draft.lane(lane);
    // Some browsers end no track when its device goes.
    if (used && !opening && used.id !== '' && before?.[kind].some(({ id }) => id === used.id) && !there[kind].some(({ id }) => id === used.id)) {
      ended(draft, lane);
      continue;
    }
    if (opening && opening.why !== 'instead') continue;
    const back = findWish(appeared[kind], wish) ?? (lane === 'speaker' && !used && before === null ? findWish(there[kind], wish) : undefined);
    if (back && (used?.id !== back.id || used.label !== back.label)) {
      draft.open([{ lane, id: back.id, exact: back.id !== '' }], used || draft.lane(lane).lost ? 'back' : 'start');
    } else if (isExtra(lane)) {
      startExtra(draft, lane);
    } else if (!used && !opening && (trouble === 'missing' || trouble === 'busy') && appeared[kind].length > 0) {
      draft.set(lane, { tried: [] });
      draft.open([{ lane, id: appeared[kind][0]!.id, exact: appeared[kind][0]!.id !== '' }], 'instead');
    } else if (used || lane === 'speaker') {
      for (const { id, label, group } of appeared[kind]) {
        if (id === '' || pseudo.includes(id) || (lane === 'speaker' && before?.speaker.length === 0)) continue;
        const key = group || label || id;
        offers.set(key, { label, devices: [...(offers.get(key)?.devices ?? []), { lane, id }] });
      }
    }
  }
  const gone = (id: string) => !Object.values(there).some((list) => list.some((device) => device.id === id));
  draft.state = { ...draft.state, news: draft.state.news.filter((news) => news.what !== 'offered' || !news.devices.some(({ id }) => gone(id))) };
  for (const { label, devices } of offers.values()) draft.tell({ lane: devices[0]!.lane, what: 'offered', label, devices });
}

// A list without names says how many there are, and of the first look nothing can be new.
function newIn(kind: Kind, before: DeviceLists | null, there: DeviceLists): readonly Device[] {
  if (!before) return [];
  const now = there[kind];
  if (before[kind].some(({ id }) => id === '')) return [];
  // What `default` stands for can change.
  return now.filter(({ id, label }) => id === '' || !before[kind].some((device) => device.id === id && device.label === label));
}

// Who was asked by the browser which one to give may have taken another one; where the wished one is missing, it is told.
function compareWithWish(draft: Draft, lane: Lane): void {
  const { used, wish, uncompared } = draft.lane(lane);
  const list = draft.list(lane);
  if (!uncompared || !used || !wish || !list.some(({ id }) => id !== '')) return;
  draft.set(lane, { uncompared: false });
  if (used.id === wish.id || used.label === wish.label) return;
  if (findWish(list, wish)) draft.set(lane, { wish: used });
  else if (wish.label && used.label) draft.tell({ lane, what: 'absent', wish: wish.label, used: used.label });
}

// The room's other cameras come after its first one.
function startExtra(draft: Draft, lane: Lane): void {
  const { used, opening, wish, trouble } = draft.lane(lane);
  const found = findWish(draft.list(lane), wish);
  if (!draft.state.room || used || opening || trouble || !found || !draft.lane('camera').used) return;
  if (lanes.some((other) => other !== lane && draft.lane(other).used?.id === found.id)) return;
  draft.open([{ lane, id: found.id, exact: true }], 'start');
}
