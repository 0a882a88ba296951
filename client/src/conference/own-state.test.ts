import { describe, expect, it } from 'vitest';

import { ownState, type OwnSituation } from './own-state';
import { seat } from './testing/seats';

const muted = seat('ha-giang');
const open = seat('ha-giang', { microphone: { open: true, closed_by: 'nobody', granted: false } });
const closedByChair = seat('ha-giang', { microphone: { open: false, closed_by: 'chair', granted: false } });
const asking = seat('ha-giang', { microphone: closedByChair.microphone, hand: { kind: 'reply', raised_at: 0 } });

const joined: OwnSituation = {
  link: 'live',
  media: { kind: 'connected' },
  offline: false,
  restarting: false,
  slept: false,
  unreachable: false,
  led: true,
  own: muted,
  mode: 'discussion',
  room: true,
  hasMicrophone: true,
  hasCamera: true,
  maySpeak: true,
  mayEver: true,
  heldBack: false,
  pushToTalk: false,
  talking: false,
  hasKeys: true,
};
const says = (change: Partial<OwnSituation>) => {
  const { word, tone, next } = ownState({ ...joined, ...change });
  return `${word.slice(5)} ${tone} ${next}`;
};

describe('the state of the own place', () => {
  it('says that the server cannot be reached before one has joined, and tries on', () => {
    expect(says({ link: 'opening', media: { kind: 'none' } })).toBe('joining calm status.joining');
    expect(says({ link: 'waiting', media: { kind: 'none' }, unreachable: true })).toBe('joining warn watch.unreachable');
    expect(says({ link: 'opening', media: { kind: 'none' }, unreachable: true })).toBe('joining warn watch.unreachable');
    expect(says({ link: 'waiting', media: { kind: 'connected' }, unreachable: true })).toBe('reconnecting warn status.reconnecting');
  });
  it('promises nobody’s eyes to a hand that nobody sees', () => {
    expect(says({ own: asking, maySpeak: false, mode: 'conference' })).toBe('handRaised calm status.waiting');
    expect(says({ own: asking, maySpeak: false, mode: 'conference', led: false })).toBe('handRaised calm status.waitingUnled');
  });
  it('says whether one is heard', () => {
    expect(says({ own: open })).toBe('live good status.speaking');
    expect(says({})).toBe('muted calm status.closed');
    expect(says({ own: seat('ha-giang', { microphone: { open: false, closed_by: 'self', granted: false } }) })).toBe('mutedBySelf calm status.closed');
    expect(says({ mayEver: false })).toBe('watching calm status.watching');
    expect(says({ own: undefined })).toBe('watching calm status.watching');
  });
  it('says how to get the floor', () => {
    expect(says({ own: closedByChair, maySpeak: false })).toBe('mutedByChair warn status.closedByChair');
    expect(says({ own: closedByChair, maySpeak: false, mode: 'conference' })).toBe('waiting calm status.needsFloor');
    expect(says({ own: asking, maySpeak: false })).toBe('handRaised calm status.waiting');
    expect(says({ own: closedByChair })).toBe('mutedByChair warn status.mayOpenAgain');
  });
  it('says after a restart that the microphone is closed, to those who may open it', () => {
    expect(says({ heldBack: true })).toBe('muted warn status.heldBack');
    expect(says({ heldBack: true, maySpeak: false, mode: 'conference' })).toBe('waiting calm status.needsFloor');
  });
  it('says what a room lacks, and leaves single persons in peace', () => {
    expect(says({ hasCamera: false })).toBe('noCamera warn status.noCamera');
    expect(says({ hasCamera: false, maySpeak: false, mode: 'conference' })).toBe('noCamera warn status.noCamera');
    expect(says({ hasCamera: false, own: open })).toBe('liveUnseen warn status.speakingUnseen');
    expect(says({ hasCamera: false, own: closedByChair, maySpeak: false })).toBe('mutedByChair warn status.closedByChair');
    expect(says({ hasCamera: false, room: false })).toBe('muted calm status.closed');
    expect(says({ hasMicrophone: false })).toBe('noMicrophone warn status.noMicrophone');
    expect(says({ hasMicrophone: false, own: open })).toBe('noMicrophone warn status.microphoneLost');
    expect(says({ hasMicrophone: false, own: open, room: false })).toBe('noMicrophone calm status.noMicrophone');
  });
  it('says when a button has to be held', () => {
    expect(says({ pushToTalk: true })).toBe('hold calm status.hold');
    expect(says({ pushToTalk: true, own: open })).toBe('hold calm status.hold');
    expect(says({ pushToTalk: true, own: open, hasKeys: false })).toBe('hold calm status.holdButton');
    expect(says({ pushToTalk: true, own: open, talking: true })).toBe('live good status.speaking');
    expect(says({ pushToTalk: true, own: closedByChair, maySpeak: false })).toBe('mutedByChair warn status.closedByChair');
  });
  it('says what is interrupted, and why where that is known', () => {
    expect(says({ link: 'waiting' })).toBe('reconnecting warn status.reconnecting');
    expect(says({ link: 'opening', media: { kind: 'connecting' } })).toBe('reconnecting warn status.reconnecting');
    for (const kind of ['disturbed', 'restarting', 'waiting'] as const) expect(says({ media: { kind } })).toBe('reconnecting warn status.media');
    expect(says({ link: 'waiting', offline: true })).toBe('offline bad status.offline');
    expect(says({ link: 'waiting', restarting: true })).toBe('restarting warn status.restarting');
    expect(says({ media: { kind: 'restarting' }, slept: true })).toBe('woke warn status.woke');
    expect(says({ media: { kind: 'refused', code: 'full' } })).toBe('refused bad refusal.full');
  });
  it('says nothing of the network while all is connected', () => expect(says({ own: open, offline: true, restarting: true, slept: true })).toBe('live good status.speaking'));
  it('says that one is joining', () => {
    expect(says({ link: 'exchanging', media: { kind: 'none' } })).toBe('joining calm status.joining');
    for (const kind of ['none', 'joining', 'connecting'] as const) expect(says({ media: { kind } })).toBe('joining calm status.joining');
  });
});
