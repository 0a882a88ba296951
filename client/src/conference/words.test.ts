import { describe, expect, it } from 'vitest';

import schema from '../../../schema/signalling.json';
import type { Happened, Mode, RefusalCode, SlotContent } from '../api/messages';
import { loaders, type Language } from '../messages/index';
import { announce, gather, isUrgent } from './announce';
import { cameraEncodings, planOf, conferenceCodecs } from './offer';
import { CommandRefused, Commands, readMessage, signallingAddress } from './signalling';
import { seat } from './testing/seats';
import { endingKey, noticeKey, refusalKey, slidesWords, tileWords, wayBack } from './words';

const codes = (name: string) => (schema.$defs as Record<string, { enum?: string[] }>)[name]?.enum ?? [];

const haGiang = seat('ha-giang', { name: 'Hà Giang' });

describe('words', () => {
  for (const language of ['vi', 'fr', 'de', 'en'] as Language[]) {
    it(`are there in ${language} for every code of the schema`, async () => {
      const messages = (await loaders[language]()) as Record<string, string>;
      const keys = [
        ...codes('RefusalCode').map((code) => `refusal.${code}`),
        ...codes('SlotState').map((state) => `slot.${state}`),
        ...codes('HandKind').map((kind) => `hand.${kind}`),
        ...codes('Mode').map((mode) => `mode.${mode}`),
        ...codes('Role').map((role) => `role.${role}`),
        ...codes('RecordTrouble').map((trouble) => `record.${trouble}`),
        ...codes('ClosedThing').map((thing) => `record.closed.${thing}`),
        ...codes('Audience').map((audience) => `chat.${audience}`),
        ...['replaced', 'removed', 'revoked'].map((code) => `over.${code}`),
      ];
      expect(keys.length).toBeGreaterThan(40);
      for (const key of keys) expect(messages[key], key).toBeTruthy();
    });
  }
  it('are found for codes of a newer server', () => expect(refusalKey('no_coffee' as RefusalCode)).toBe('refusal.malformed'));
});

describe('a tile', () => {
  const content = (state: SlotContent['state'], change: Partial<SlotContent> = {}): SlotContent => ({ slot: 5, seat: 'ha-giang', state, quality: 'low', ...change });
  it('has words for every state of its slot, and none over a picture', () => {
    for (const state of codes('SlotState') as SlotContent['state'][]) expect(tileWords(haGiang, content(state)) === null).toBe(state === 'showing');
  });
  it('does not show a picture under another name', () => expect(tileWords(haGiang, content('showing', { seat: 'other' }))).toBe('slot.waiting'));
  it('says who closed the camera, and that nobody is there', () => {
    expect(tileWords({ ...haGiang, camera: { open: false, closed_by: 'chair' } }, undefined)).toBe('slot.closed.chair');
    expect(tileWords({ ...haGiang, camera: { open: false, closed_by: 'self' } }, content('closed'))).toBe('slot.closed');
    expect(tileWords({ ...haGiang, present: false }, content('showing'))).toBe('slot.away');
    expect(tileWords(undefined, undefined)).toBe('slot.empty');
  });
  it('of slides has words too', () => {
    expect(slidesWords(content('showing'))).toBeNull();
    expect(slidesWords(content('line'))).toBe('slot.line');
    expect(slidesWords(undefined)).toBe('slot.waiting');
  });
});

describe('a notice', () => {
  it('says what to do where a screen may not or could not be shared', () => {
    expect(noticeKey({ code: 'not_allowed', what: 'share_slides' }, 'conference')).toBe('share.notAllowed');
    expect(noticeKey({ code: 'screen', what: 'share_slides' }, 'conference')).toBe('trouble.screen');
    expect(noticeKey({ code: 'not_allowed', what: 'chat' }, 'conference')).toBe('refusal.not_allowed');
    const floor = { code: 'needs_floor', what: 'open_microphone' } as const;
    expect([noticeKey(floor, 'conference'), noticeKey(floor, 'discussion')]).toEqual(['refusal.needs_floor', 'status.closedByChair']);
  });
});

describe('the end', () => {
  it('has a reason and, where there is one, a way back', () => {
    expect([endingKey({ why: 'replaced' }), wayBack({ why: 'replaced' })]).toEqual(['over.replaced', 'join.takeBack']);
    expect([endingKey({ why: 'revoked' }), wayBack({ why: 'revoked' })]).toEqual(['over.revoked', null]);
    expect([endingKey({ why: 'refused', code: 'locked' }), wayBack({ why: 'refused', code: 'locked' })]).toEqual(['refusal.locked', 'publish.again']);
    const unknown = { why: 'problem', problem: { status: 404, title: '', detail: '', retryAfterSeconds: null } } as const;
    expect([endingKey(unknown), wayBack(unknown)]).toEqual(['over.unknown', null]);
  });
});

describe('announcements', () => {
  const conference = { id: 'demo', title: '', mode: 'discussion', layout: 'speaker', locked: false, seats: [haGiang], chat: [] } as const;
  const said = (event: Happened['event'], own = 'me') => announce({ type: 'happened', sequence: 7, event }, { ...conference, seats: [...conference.seats], chat: [] }, own);
  it('name who it is', () => expect(said({ type: 'joined', seat: 'ha-giang' })).toEqual({ key: 'announce.joined', name: 'Hà Giang' }));
  it('leave out what oneself does', () => {
    expect(said({ type: 'joined', seat: 'me' })).toBeNull();
    expect(said({ type: 'chat_said', message: { number: 1, seat: 'me', text: 'x', to: 'everyone', sent_at: 0 } })).toBeNull();
  });
  it('say what the chair did to the own microphone', () => {
    const opened = { open: true, closed_by: 'nobody', granted: true } as const;
    expect(said({ type: 'microphone_changed', seat: 'ha-giang', microphone: opened }, 'ha-giang')?.key).toBe('announce.microphoneOpened');
    expect(said({ type: 'microphone_changed', seat: 'ha-giang', microphone: { ...opened, open: false, closed_by: 'chair' } }, 'ha-giang')).toBeNull(); // it was closed before
  });
  it('say that the chair has taken over from a discussion, and to whom it does not apply that all may speak', () => {
    const speaking = { ...haGiang, microphone: { open: true, closed_by: 'nobody', granted: false } } as const;
    const muted = { ...haGiang, microphone: { open: false, closed_by: 'chair', granted: false } } as const;
    const told = (seat: typeof speaking | typeof muted, mode: Mode, event: Happened['event']) =>
      announce({ type: 'happened', sequence: 7, event }, { ...conference, mode, seats: [seat], chat: [] }, 'ha-giang')?.key;
    const closed = (closed_by: 'nobody' | 'self' | 'chair') => ({ type: 'microphone_changed', seat: 'ha-giang', microphone: { open: false, closed_by, granted: false } }) as const;
    expect(told(speaking, 'conference', closed('nobody'))).toBe('announce.microphoneClosed');
    expect(told(speaking, 'discussion', closed('chair'))).toBe('announce.microphoneClosed');
    expect([told(speaking, 'discussion', closed('nobody')), told(speaking, 'conference', closed('self'))]).toEqual([undefined, undefined]);
    expect(told(speaking, 'conference', { type: 'mode_changed', mode: 'discussion' })).toBe('announce.mode.discussion');
    expect(told(muted, 'conference', { type: 'mode_changed', mode: 'discussion' })).toBeUndefined();
  });
  it('say who has the floor, but not of every microphone that opens', () => {
    expect(said({ type: 'microphone_changed', seat: 'ha-giang', microphone: { open: true, closed_by: 'nobody', granted: true } })).toEqual({ key: 'announce.floorGiven', name: 'Hà Giang' });
    expect(said({ type: 'microphone_changed', seat: 'ha-giang', microphone: { open: true, closed_by: 'nobody', granted: false } })).toBeNull();
  });
  it('say when slides come and go, one’s own too', () => {
    expect([said({ type: 'slides_changed', seat: 'ha-giang' })?.key, said({ type: 'slides_changed', seat: 'ha-giang' }, 'ha-giang')?.key]).toEqual(['announce.slides', 'announce.ownSlides']);
    const ended = (own: string) => announce({ type: 'happened', sequence: 7, event: { type: 'slides_changed' } }, { ...conference, slides: 'ha-giang', seats: [haGiang], chat: [] }, own);
    expect([ended('me'), ended('ha-giang')?.key]).toEqual([{ key: 'announce.slidesEnded', name: 'Hà Giang' }, 'announce.ownSlidesEnded']);
  });
  it('count those who come together instead of naming each', () => {
    const come = { key: 'announce.joined', name: 'Hà Giang' } as const;
    let list = gather([], come, 0);
    list = gather(list, come, 1_000);
    list = gather(list, come, 2_000);
    expect(list).toEqual([{ ...come, number: 3, atMs: 2_000, many: { key: 'announce.come', people: 3 } }]);
    list = gather(list, { key: 'announce.left', name: 'Cao Bằng' }, 2_500);
    list = gather(list, come, 9_000);
    expect(list.map(({ key, many }) => [key, many?.people ?? 1])).toEqual([['announce.joined', 3], ['announce.left', 1], ['announce.joined', 1]]);
    for (let at = 0; at < 9; at += 1) list = gather(list, { key: 'announce.chat', name: 'x' }, 10_000 + at);
    expect(list).toHaveLength(5);
  });
  it('are urgent when they say whether one can be heard', () => {
    expect([isUrgent({ key: 'announce.microphoneOpened', name: '' }), isUrgent({ key: 'announce.chat', name: '' })]).toEqual([true, false]);
  });
});

describe('the offer', () => {
  it('has as many slots as the role’s layout needs and the server takes', () => {
    const tiles = (role: Parameters<typeof planOf>[0], most: number) => planOf(role, most).slots.filter((use) => use === 'tile').length;
    expect([tiles('hall', 25), tiles('chair', 25), tiles('site', 25), tiles('delegate', 4), tiles('hall', 12), tiles('viewer', 25)]).toEqual([25, 25, 9, 4, 12, 25]);
    expect(planOf('site', 25).slots.filter((use) => use === 'voice')).toHaveLength(3);
    expect([planOf('viewer', 9).sends, planOf('site', 9).sends]).toEqual([false, true]);
  });
  it('has each codec once, and no more than are sent', () => {
    const codecs = [
      { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=42e01f' },
      { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=640c1f' },
      { mimeType: 'video/H264', sdpFmtpLine: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f' },
      { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=2' },
      { mimeType: 'video/VP9', sdpFmtpLine: 'profile-id=0' },
      { mimeType: 'video/rtx' },
      { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=1;tier=0' },
      { mimeType: 'video/AV1', sdpFmtpLine: 'level-idx=5;profile=0;tier=0' },
      { mimeType: 'video/VP8' },
      { mimeType: 'video/red' },
    ];
    expect(conferenceCodecs(codecs)).toEqual([codecs[8], codecs[4], codecs[2], codecs[7], codecs[5]]);
  });
  it('has three layers at rates that fit the camera', () => {
    expect(cameraEncodings({ width: 1280, height: 720 }).map(({ rid, maxBitrate }) => [rid, maxBitrate])).toEqual([['l', 150_000], ['m', 500_000], ['h', 1_700_000]]);
    expect(cameraEncodings({}).map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).toEqual([4, 2, 1]);
  });
  it('has fewer layers of a small camera, the largest always whole', () => {
    const layers = (width: number, height: number) => cameraEncodings({ width, height }).filter(({ active }) => active).map(({ rid, scaleResolutionDownBy }) => `${rid}/${scaleResolutionDownBy}`);
    expect(layers(1920, 1080)).toEqual(['l/4', 'm/2', 'h/1']);
    expect(layers(640, 480)).toEqual(['l/2', 'm/1']);
    expect(layers(320, 180)).toEqual(['l/1']);
    expect(cameraEncodings({ width: 640, height: 360 })[1]?.maxBitrate).toBe(850_000);
  });
});

describe('commands', () => {
  it('are answered by number', async () => {
    const commands = new Commands();
    const sent: unknown[] = [];
    const first = commands.issue((message) => sent.push(message), { type: 'lock', locked: true });
    const second = commands.issue((message) => sent.push(message), { type: 'leave' });
    expect(sent).toEqual([{ type: 'lock', locked: true, id: 1 }, { type: 'leave', id: 2 }]);
    expect(commands.settle({ type: 'done', id: 2 })).toBe(true);
    expect(commands.settle({ type: 'refused', id: 1, code: 'not_allowed', message: 'No.' })).toBe(true);
    await expect(second).resolves.toEqual({ type: 'done', id: 2 });
    await expect(first).rejects.toBeInstanceOf(CommandRefused);
    expect(commands.settle({ type: 'done', id: 9 })).toBe(false);
    expect(commands.settle({ type: 'refused', code: 'malformed', message: '' })).toBe(false);
  });
  it('are lost with the connection', async () => {
    const commands = new Commands();
    const lost = commands.issue(() => undefined, { type: 'leave' });
    commands.lose();
    await expect(lost).rejects.not.toBeInstanceOf(CommandRefused);
  });
  it('travel as JSON objects with a type', () => {
    expect(readMessage('{"type":"pong"}')).toEqual({ type: 'pong' });
    for (const data of ['', 'null', '5', '{}', '{"type":3}', new ArrayBuffer(3)]) expect(readMessage(data)).toBeNull();
  });
  it('go to the page’s own origin', () => {
    expect(signallingAddress('http://localhost:8080/#x', 'demo')).toBe('ws://localhost:8080/api/conferences/demo/signalling');
    expect(signallingAddress('https://halls.example/', 'a b')).toBe('wss://halls.example/api/conferences/a%20b/signalling');
  });
});
