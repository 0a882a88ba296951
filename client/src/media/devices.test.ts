import { describe, expect, it } from 'vitest';

import { begin, step, type Device, type DeviceLists, type Devices, type Input, type Lane } from './devices';

const built: Device = { id: 'b', label: 'Built-in camera' };
const hall: Device = { id: 'h', label: 'Hall camera' };
const desk: Device = { id: 'd', label: 'Desk microphone' };
const headset: Device = { id: 's', label: 'Headset', group: 'g' };
const speakers: Device = { id: 'p', label: 'Headset', group: 'g' };

const lists = (camera: Device[], microphone: Device[] = [desk], speaker: Device[] = []): DeviceLists => ({ camera, microphone, speaker });

// Plays a story: inputs go in, requests of all acts come out.
class Story {
  state: Devices;
  asked: string[] = [];

  constructor(wishes: Partial<Record<Lane, Device>> = {}) {
    this.state = begin(wishes);
  }

  do(input: Input): this {
    const { state, acts } = step(this.state, input);
    this.state = state;
    this.asked = acts.map(({ requests }) => requests.map(({ lane, id, exact }) => `${lane}${exact ? '=' : '~'}${id}`).join(' '));
    return this;
  }
  opened(lane: Lane, device: Device): this {
    return this.do({ type: 'opened', turn: this.lane(lane).opening?.turn ?? -1, lane, device });
  }
  failed(lane: Lane, trouble: 'busy' | 'missing' | 'refused' | 'system'): this {
    return this.do({ type: 'failed', turn: this.lane(lane).opening?.turn ?? -1, troubles: { [lane]: trouble } });
  }
  listed(there: DeviceLists): this {
    return this.do({ type: 'listed', there });
  }
  lane(lane: Lane) {
    return this.state.lanes[lane];
  }
  get news() {
    return this.state.news.map(({ number, ...news }) => news);
  }
}

// Both open, and both cameras there.
const begun = (wishes: Partial<Record<Lane, Device>> = {}, camera = built) =>
  new Story(wishes).do({ type: 'start', room: false }).opened('camera', camera).opened('microphone', desk).listed(lists([built, hall]));

describe('at the start', () => {
  it('one question is for both, with what was used the last time as a wish', () => {
    expect(new Story({ camera: hall }).do({ type: 'start', room: false }).asked).toEqual(['camera~h microphone~']);
  });
  it('a missing camera costs no microphone', () => {
    const story = new Story().do({ type: 'start', room: false });
    const { turn } = story.lane('camera').opening!;
    story.do({ type: 'failed', turn, troubles: { camera: 'missing', microphone: 'missing' } });
    expect(story.asked).toEqual(['camera~', 'microphone~']);
    story.failed('camera', 'missing').opened('microphone', desk);
    expect([story.lane('camera').trouble, story.lane('microphone').trouble, story.lane('microphone').used]).toEqual(['missing', null, desk]);
  });
  it('a refused camera costs no microphone', () => {
    const story = new Story().do({ type: 'start', room: false });
    story.do({ type: 'failed', turn: story.lane('camera').opening!.turn, troubles: { camera: 'refused', microphone: null } });
    expect(story.asked).toEqual(['microphone~']);
    expect(story.lane('camera').trouble).toBe('refused');
  });
  it('it is told when the usual one is not there', () => {
    const story = new Story({ camera: hall }).do({ type: 'start', room: false }).opened('camera', built).opened('microphone', desk).listed(lists([built]));
    expect(story.news).toEqual([{ lane: 'camera', what: 'absent', wish: 'Hall camera', used: 'Built-in camera' }]);
    expect(story.listed(lists([built, hall])).asked).toEqual(['camera=h']);
    expect(story.opened('camera', hall).news).toEqual([{ lane: 'camera', what: 'back', used: 'Hall camera' }]);
  });
  it('who took another one in the browser’s own question has chosen', () => {
    const story = begun({ camera: hall }, built);
    expect([story.news, story.lane('camera').wish, story.asked]).toEqual([[], built, []]);
  });
  it('a busy one is left for another, and told', () => {
    const story = new Story({ camera: hall }).do({ type: 'start', room: false });
    story.do({ type: 'failed', turn: story.lane('camera').opening!.turn, troubles: { camera: 'busy', microphone: 'busy' } });
    story.failed('camera', 'busy');
    expect(story.asked).toEqual(['camera~']);
    expect(story.opened('camera', built).news).toEqual([{ lane: 'camera', what: 'unopened', wish: 'Hall camera', used: 'Built-in camera', trouble: 'busy' }]);
  });
  it('when all are busy, that is said', () => {
    const story = new Story().listed(lists([built, hall])).do({ type: 'start', room: false });
    story.do({ type: 'failed', turn: story.lane('camera').opening!.turn, troubles: { camera: 'busy', microphone: 'busy' } });
    story.failed('camera', 'busy');
    expect(story.asked).toEqual(['camera=b']);
    expect(story.failed('camera', 'busy').asked).toEqual(['camera=h']);
    expect(story.failed('camera', 'busy').asked).toEqual([]);
    expect(story.lane('camera').trouble).toBe('busy');
  });
});

describe('one that is unplugged', () => {
  it('is replaced by another one, in words, and comes back', () => {
    const story = begun({}, hall).listed(lists([built])).opened('camera', built);
    expect(story.news).toEqual([{ lane: 'camera', what: 'replaced', lost: 'Hall camera', used: 'Built-in camera' }]);
    expect(story.listed(lists([built, hall])).asked).toEqual(['camera=h']);
    expect(story.lane('camera').used).toEqual(built); // until the other one is open
    expect(story.opened('camera', hall).news).toEqual([{ lane: 'camera', what: 'back', used: 'Hall camera' }]);
  });
  it('is the same, whichever is noticed first: the track’s end or the list', () => {
    const byEnd = begun({}, hall).do({ type: 'ended', lane: 'camera' });
    expect(byEnd.asked).toEqual(['camera=h']); // the list has it still
    expect(byEnd.listed(lists([built])).asked).toEqual([]);
    expect(byEnd.failed('camera', 'missing').asked).toEqual(['camera~']);
    const byList = begun({}, hall).listed(lists([built]));
    expect(byList.asked).toEqual(['camera~']);
    expect(byList.do({ type: 'ended', lane: 'camera' }).asked).toEqual([]);
    for (const story of [byEnd, byList]) expect(story.opened('camera', built).news).toEqual([{ lane: 'camera', what: 'replaced', lost: 'Hall camera', used: 'Built-in camera' }]);
  });
  it('leaves nothing when it was the only one, and is used by itself when it is back', () => {
    const story = begun({}, hall).listed(lists([]));
    expect([story.asked, story.lane('camera').trouble, story.lane('camera').used]).toEqual([[], 'missing', null]);
    expect(story.news).toEqual([{ lane: 'camera', what: 'lost', lost: 'Hall camera' }]);
    expect(story.listed(lists([hall])).asked).toEqual(['camera=h']);
    expect(story.opened('camera', hall).lane('camera').trouble).toBe(null);
    expect(story.news).toEqual([{ lane: 'camera', what: 'back', used: 'Hall camera' }]);
  });
  it('may come back while its place is still being filled', () => {
    const story = begun({}, hall).listed(lists([built]));
    expect(story.listed(lists([built, hall])).asked).toEqual(['camera=h']);
    const late = story.state.lanes.camera.opening!.turn - 1;
    expect(story.do({ type: 'opened', turn: late, lane: 'camera', device: built }).lane('camera').used).toBe(null);
    expect(story.opened('camera', hall).lane('camera').used).toEqual(hall);
  });
  it('is known by its name where the browser gives it another id', () => {
    const story = begun({ camera: hall }, hall).listed(lists([built])).opened('camera', built);
    expect(story.listed(lists([built, { id: 'new', label: 'Hall camera' }])).asked).toEqual(['camera=new']);
  });
  it('does not take the chosen one away when it comes back', () => {
    const story = begun({}, hall).listed(lists([built])).opened('camera', built).do({ type: 'choose', lane: 'camera', id: 'b' }).opened('camera', built);
    expect(story.listed(lists([built, hall])).asked).toEqual([]);
    expect(story.news).toEqual([{ lane: 'camera', what: 'offered', label: 'Hall camera', devices: [{ lane: 'camera', id: 'h' }] }]);
  });
  it('was only taken away by something else: it is opened again, and nothing is said', () => {
    const story = begun({}, hall).do({ type: 'ended', lane: 'camera' }).opened('camera', hall);
    expect(story.news).toEqual([]);
    const refused = begun({}, hall).do({ type: 'ended', lane: 'camera' }).failed('camera', 'refused');
    expect([refused.asked, refused.lane('camera').trouble, refused.news]).toEqual([[], 'refused', []]);
  });
  it('stays in use when it is back, but does not open', () => {
    const story = begun({}, hall).listed(lists([built])).opened('camera', built).listed(lists([built, hall])).failed('camera', 'busy');
    expect([story.asked, story.lane('camera').used, story.lane('camera').trouble]).toEqual([[], built, null]);
  });
});

describe('the system’s own microphone', () => {
  const external = (label: string): Device => ({ id: 'default', label: `Default - ${label}` });
  it('is another one when what it stands for is unplugged, and comes back', () => {
    const story = new Story().do({ type: 'start', room: false }).opened('camera', built).opened('microphone', external('Desk')).listed(lists([built], [external('Desk'), desk, headset]));
    story.listed(lists([built], [external('Headset'), headset])).do({ type: 'ended', lane: 'microphone' });
    expect(story.asked).toEqual(['microphone=default']);
    expect(story.opened('microphone', external('Headset')).news).toEqual([{ lane: 'microphone', what: 'replaced', lost: 'Default - Desk', used: 'Default - Headset' }]);
    expect(story.listed(lists([built], [external('Desk'), desk, headset])).asked).toEqual(['microphone=default']);
  });
});

describe('a choice', () => {
  it('that does not open leaves what was used, and says so', () => {
    const story = begun().do({ type: 'choose', lane: 'camera', id: 'h' });
    expect(story.asked).toEqual(['camera=h']);
    story.failed('camera', 'busy');
    expect([story.asked, story.lane('camera').used, story.lane('camera').trouble, story.lane('camera').wish]).toEqual([[], built, null, built]);
    expect(story.news).toEqual([{ lane: 'camera', what: 'unopened', wish: 'Hall camera', used: 'Built-in camera', trouble: 'busy' }]);
  });
  it('counts, not the one before it that opens later', () => {
    const story = begun().do({ type: 'choose', lane: 'camera', id: 'h' });
    const { turn } = story.lane('camera').opening!;
    story.do({ type: 'choose', lane: 'camera', id: 'b' }).opened('camera', built).do({ type: 'opened', turn, lane: 'camera', device: hall });
    expect(story.lane('camera').used).toEqual(built);
  });
  it('of a room’s other camera can be taken back; it is not replaced, but comes back', () => {
    const story = begun().do({ type: 'choose', lane: 'camera2', id: 'h' }).opened('camera2', hall).listed(lists([built]));
    expect([story.asked, story.news]).toEqual([[], [{ lane: 'camera2', what: 'lost', lost: 'Hall camera' }]]);
    expect(story.listed(lists([built, hall])).asked).toEqual(['camera2=h']);
    story.opened('camera2', hall).do({ type: 'choose', lane: 'camera2', id: '' });
    expect([story.lane('camera2').used, story.lane('camera2').wish, story.asked]).toEqual([null, null, []]);
  });
  it('of a room’s other camera is opened after the first one the next time, in a room only', () => {
    const again = (room: boolean) => new Story({ camera2: hall }).do({ type: 'start', room }).opened('camera', built).opened('microphone', desk).listed(lists([built, hall]));
    expect(again(true).asked).toEqual(['camera2=h']);
    expect(again(false).asked).toEqual([]);
  });
});

describe('a permission', () => {
  it('that comes later lets the page go on by itself', () => {
    const story = new Story().do({ type: 'start', room: false });
    story.do({ type: 'failed', turn: story.lane('camera').opening!.turn, troubles: { camera: 'refused', microphone: 'refused' } });
    expect([story.asked, story.lane('microphone').trouble]).toEqual([[], 'refused']);
    expect(story.do({ type: 'allowed', kind: 'camera' }).asked).toEqual(['camera~']);
    expect(story.opened('camera', built).do({ type: 'allowed', kind: 'camera' }).asked).toEqual([]);
    expect(story.do({ type: 'allowed', kind: 'microphone' }).asked).toEqual(['microphone~']);
  });
});

describe('a new device', () => {
  it('is offered, as one thing where it is one', () => {
    const story = begun().listed(lists([built, hall], [desk], [{ id: 'x', label: 'Room' }])).listed(lists([built, hall], [desk, headset], [{ id: 'x', label: 'Room' }, speakers]));
    expect(story.asked).toEqual([]);
    expect(story.news).toEqual([{ lane: 'microphone', what: 'offered', label: 'Headset', devices: [{ lane: 'microphone', id: 's' }, { lane: 'speaker', id: 'p' }] }]);
    expect(story.listed(lists([built, hall], [desk], [{ id: 'x', label: 'Room' }])).news).toEqual([]);
  });
  it('is taken at once where there was none', () => {
    const story = new Story().listed(lists([], [])).do({ type: 'start', room: false });
    story.do({ type: 'failed', turn: story.lane('camera').opening!.turn, troubles: { camera: 'missing', microphone: 'missing' } });
    story.failed('camera', 'missing').failed('microphone', 'missing');
    expect(story.listed(lists([{ id: '', label: '' }], [])).asked).toEqual(['camera~']);
  });
  it('is not what only got its name', () => {
    const story = new Story().listed(lists([{ id: '', label: '' }], [{ id: '', label: '' }])).do({ type: 'start', room: false }).opened('camera', built).opened('microphone', desk);
    expect(story.listed(lists([built, hall])).news).toEqual([]);
  });
});

describe('the loudspeaker', () => {
  const room: Device = { id: 'x', label: 'Room' };
  it('of the last time is used when it is there', () => {
    expect(new Story({ speaker: speakers }).listed(lists([], [], [room, speakers])).asked).toEqual(['speaker=p']);
    expect(new Story({ speaker: speakers }).listed(lists([], [], [room])).asked).toEqual([]);
  });
  it('that is unplugged is replaced by the system’s, and comes back', () => {
    const story = new Story().listed(lists([], [], [room, speakers])).do({ type: 'choose', lane: 'speaker', id: 'p' }).opened('speaker', speakers).listed(lists([], [], [room]));
    expect(story.asked).toEqual(['speaker~']);
    expect(story.opened('speaker', { id: '', label: '' }).news).toEqual([{ lane: 'speaker', what: 'replaced', lost: 'Headset', used: '' }]);
    expect(story.listed(lists([], [], [room, speakers])).asked).toEqual(['speaker=p']);
  });
});
