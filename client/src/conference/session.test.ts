// A whole session against a fake server, a fake connection and a clock that the test turns.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { SlotDemand } from '../api/messages';
import { noPictures } from './demand';
import { seatOf } from './mirror';
import { FakeBrowser } from './testing/fake-browser';

beforeEach(() => vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const soonMs = 100; // several messages there and back

async function joined(prepare: (browser: FakeBrowser) => void = () => undefined) {
  const browser = new FakeBrowser();
  prepare(browser);
  const session = await browser.start();
  await pass(soonMs);
  expect([session.link.kind, session.media.kind]).toEqual(['live', 'connected']);
  return { browser, session, server: browser.server };
}
const tile = (slot: number, seat: string, quality: SlotDemand['quality'] = 'low'): [number, SlotDemand] => [slot, { slot, seat, quality }];

describe('joining', () => {
  it('shows the conference and has a place for everything that is shown', async () => {
    const { session, server, browser } = await joined();
    expect(session.mirror?.conference).toEqual(server.conference);
    expect(session.places.map(({ use }) => use)).toEqual(['stage', 'slides', 'voice', 'voice', 'voice', ...Array(9).fill('tile')]);
    expect(server.all('hello')).toEqual([{ type: 'hello', version: 1, token: 'token-1' }]);
    expect(server.all('join')).toMatchObject([{ microphone: true, camera: true }]);
    expect([browser.audible, session.made]).toEqual([true, 1]);
  });
  it('follows what happens, and says it', async () => {
    const { session, server } = await joined();
    server.happen({ type: 'joined', seat: 'site-2' });
    server.happen({ type: 'stage_changed', seat: 'site-2' });
    expect(session.mirror?.conference).toEqual(server.conference);
    expect(session.announcements.map(({ key, name }) => [key, name]).slice(-2)).toEqual([['announce.joined', 'The site-2'], ['announce.stage', 'The site-2']]);
  });
  it('tries again when the server is full', async () => {
    const browser = new FakeBrowser();
    browser.server.refusals.push(['join', 'full']);
    const session = await browser.start();
    await pass(1_000);
    expect([session.media.kind, browser.server.all('join').length, browser.connections[0]?.connectionState]).toEqual(['connected', 2, 'closed']);
  });
  it('has no microphone open that the person closed before', async () => {
    const { browser, server } = await joined(({ capture }) => capture.setMicrophone(false));
    expect([server.all('join')[0]?.microphone, server.own.microphone.open, browser.audible]).toEqual([false, false, false]);
  });
});

describe('a locked conference', () => {
  it('is joined as soon as it is open again', async () => {
    const browser = new FakeBrowser();
    browser.server.refusals.push(['join', 'locked']);
    const session = await browser.start();
    await pass(5_000);
    expect([session.link.kind, session.media]).toEqual(['live', { kind: 'refused', code: 'locked' }]);
    browser.server.happen({ type: 'lock_changed', locked: false });
    await pass(soonMs);
    expect([session.media.kind, session.made]).toEqual(['connected', 1]);
  });
});

describe('whoever only watches', () => {
  it('joins once, whatever happens and whatever is plugged in', async () => {
    const { browser, session, server } = await joined((fresh) => (fresh.server.role = 'viewer'));
    server.happen({ type: 'stage_changed', seat: 'site-2' });
    await browser.capture.choose('camera2', 'document-camera');
    await pass(5_000);
    expect([session.media.kind, session.made, server.all('join').length, server.all('join')[0]?.sends]).toEqual(['connected', 1, 1, []]);
  });
});

describe('another camera of the room', () => {
  it('is added while the room takes part, with its microphone as it was', async () => {
    const { browser, session, server } = await joined();
    await browser.capture.choose('camera2', 'document-camera');
    await pass(soonMs);
    expect([session.media.kind, session.made, session.trouble]).toEqual(['connected', 2, null]);
    expect(server.all('join').map(({ sends }) => sends.filter(({ use }) => use === 'camera').length)).toEqual([1, 2]);
    expect([server.all('join')[1]?.microphone, browser.audible, browser.connections[0]?.connectionState]).toEqual([true, true, 'closed']);
    expect(browser.connection.sent.slice(1, 3).every((track) => track?.readyState === 'live')).toBe(true);
  });
  it('opens no microphone that was closed', async () => {
    const { browser, session, server } = await joined();
    void session.setMicrophone(false);
    await pass(soonMs);
    await browser.capture.choose('camera2', 'document-camera');
    await pass(soonMs);
    expect([server.all('join')[1]?.microphone, browser.audible]).toEqual([false, false]);
  });
  it('is taken away, and put back, without a word to the server', async () => {
    const { browser, session, server } = await joined();
    await browser.capture.choose('camera2', 'document-camera');
    await pass(soonMs);
    await browser.capture.choose('camera2', '');
    await pass(soonMs);
    expect(browser.connection.sent[2]).toBeNull();
    await browser.capture.choose('camera2', 'document-camera');
    await pass(soonMs);
    expect(browser.connection.sent[2]?.readyState).toBe('live');
    expect([session.made, server.all('join').length]).toEqual([2, 2]);
  });
  it('is added once the link is back, when it comes while that is lost', async () => {
    const { browser, session, server } = await joined();
    server.socket.lose();
    await browser.capture.choose('camera2', 'document-camera');
    await pass(5_000);
    expect([session.media.kind, server.all('join').at(-1)?.sends.filter(({ use }) => use === 'camera').length]).toEqual(['connected', 2]);
  });
});

describe('what is asked for', () => {
  it('is said once, when the page has come to rest', async () => {
    const { session, server } = await joined();
    for (const quality of ['low', 'medium', 'high'] as const) session.demand(new Map([tile(5, 'hall', quality)]));
    await pass(1_000);
    expect(server.all('demand').map(({ slots }) => slots)).toEqual([[{ slot: 5, seat: 'hall', quality: 'high' }]]);
    session.demand(new Map([tile(5, 'hall', 'high')]));
    await pass(1_000);
    expect(server.all('demand')).toHaveLength(1);
  });
  it('is said again after a refusal, as it is wanted then', async () => {
    const { session, server } = await joined();
    server.refusals.push(['demand', 'too_fast']);
    session.demand(new Map([tile(5, 'hall')]));
    await pass(300);
    session.demand(new Map([tile(5, 'site-2')]));
    await pass(2_000);
    expect(server.all('demand').at(-1)?.slots).toEqual([{ slot: 5, seat: 'site-2', quality: 'low' }]);
    expect(server.all('demand')).toHaveLength(2);
  });
  it('is said anew to a new media session, even when the old one answers late', async () => {
    const { session, server, browser } = await joined();
    session.demand(new Map([tile(5, 'hall')]));
    await pass(1_000);
    server.silent.add('demand');
    session.demand(new Map([tile(5, 'hall'), tile(6, 'site-2')]));
    await pass(300);
    server.silent.clear();
    const late = server.all('demand').at(-1)!;
    browser.connection.farewell();
    await pass(1_000);
    expect(session.made).toBe(2);
    server.socket.say({ type: 'refused', id: late.id, code: 'not_joined', message: '' });
    await pass(2_000);
    expect(server.all('demand').at(-1)?.slots).toEqual([{ slot: 5, seat: 'hall', quality: 'low' }, { slot: 6, seat: 'site-2', quality: 'low' }]);
  });
  it('is nothing of any picture with sound alone', async () => {
    const { session, server } = await joined();
    session.demand(new Map([tile(5, 'hall')]));
    await pass(1_000);
    session.demand(noPictures(session.places));
    await pass(1_000);
    const said = server.all('demand').at(-1)!.slots;
    expect(said.every(({ quality }) => quality === 'off')).toBe(true);
    expect(said.map(({ slot }) => slot)).toEqual(session.places.filter(({ use }) => use !== 'voice').map(({ slot }) => slot));
  });
});

describe('the microphone', () => {
  it('opens when the server says so, and not before', async () => {
    const { browser, session, server } = await joined(({ capture }) => capture.setMicrophone(false));
    const opened = session.setMicrophone(true);
    expect(browser.audible).toBe(false);
    await pass(soonMs);
    await opened;
    expect([browser.audible, server.own.microphone.open]).toEqual([true, true]);
  });
  it('closes here when the chair closes it, and opens when the chair gives the floor', async () => {
    const { browser, session, server } = await joined();
    server.microphone(false, 'chair');
    await pass(0);
    expect(browser.audible).toBe(false);
    expect(session.announcements.at(-1)?.key).toBe('announce.microphoneClosed');
    server.microphone(true, 'chair', true);
    await pass(0);
    expect(browser.audible).toBe(true);
  });
  it('says why it did not open', async () => {
    const { browser, session, server } = await joined(({ capture }) => capture.setMicrophone(false));
    server.refusals.push(['open_microphone', 'needs_floor']);
    void session.setMicrophone(true);
    await pass(soonMs);
    expect([session.notice, browser.audible]).toEqual([{ code: 'needs_floor', what: 'open_microphone' }, false]);
  });
  it('is closed at once by oneself, before the server has answered', async () => {
    const { browser, session, server } = await joined();
    server.silent.add('close_microphone');
    void session.setMicrophone(false);
    await pass(soonMs);
    server.happen({ type: 'joined', seat: 'site-2' });
    expect([browser.audible, session.own?.microphone]).toEqual([false, { open: false, closed_by: 'self', granted: false }]);
  });
  it('goes on when the server refuses to close it', async () => {
    const { browser, session, server } = await joined();
    server.refusals.push(['close_microphone', 'busy']);
    void session.setMicrophone(false);
    await pass(soonMs);
    expect([browser.audible, session.own?.microphone.open, session.notice?.code]).toEqual([true, true, 'busy']);
  });
  it('stays closed by oneself while the link is gone, and the server is told when it is back', async () => {
    const { browser, session, server } = await joined();
    server.up = false;
    server.socket.lose();
    await session.setMicrophone(false);
    await pass(soonMs);
    expect(browser.audible).toBe(false);
    server.up = true;
    await pass(3_000);
    expect(session.link.kind).toBe('live');
    expect([server.own.microphone.open, browser.audible, session.made]).toEqual([false, false, 1]);
  });
  it('stays closed when the link went before the server had answered', async () => {
    const { browser, session, server } = await joined();
    server.silent.add('close_microphone');
    void session.setMicrophone(false);
    await pass(soonMs);
    server.socket.lose();
    server.silent.clear();
    await pass(3_000);
    expect([session.link.kind, server.own.microphone.open, browser.audible]).toEqual(['live', false, false]);
  });
  it('stays closed where the closing took effect and is not recorded', async () => {
    const { browser, session, server } = await joined();
    server.refusals.push(['close_microphone', 'closed_not_recorded']);
    void session.setMicrophone(false);
    await pass(soonMs);
    server.happen({ type: 'joined', seat: 'site-2' });
    expect([browser.audible, session.notice?.code]).toEqual([false, 'closed_not_recorded']);
  });
  it('asks the server once for push to talk, however often the button is pressed', async () => {
    const { browser, session, server } = await joined(({ capture }) => capture.setMicrophone(false));
    session.setPushToTalk(true);
    const heard: boolean[] = [];
    for (let press = 0; press < 5; press += 1) {
      session.talk(true);
      await pass(soonMs);
      heard.push(browser.audible);
      session.talk(false);
      await pass(soonMs);
      heard.push(browser.audible);
    }
    expect(heard).toEqual(Array(5).fill([true, false]).flat());
    expect([server.all('open_microphone').length, server.all('close_microphone').length]).toEqual([1, 0]);
  });
  it('does not talk without a microphone', async () => {
    const { browser, session, server } = await joined(({ capture }) => capture.setMicrophone(false));
    session.setPushToTalk(true);
    browser.capture.close();
    session.talk(true);
    await pass(soonMs);
    expect([session.talking, server.all('open_microphone').length]).toEqual([false, 0]);
    await browser.capture.open();
    session.talk(true);
    await pass(soonMs);
    expect([session.talking, server.all('open_microphone').length]).toEqual([true, 1]);
  });
});

describe('a server that starts again', () => {
  it('has the seat, the events and the gates back, and makes media anew', async () => {
    const { browser, session, server } = await joined();
    const before = session.mirror!.sequence;
    server.stop();
    expect(session.restarting).toBe(true);
    browser.connection.farewell();
    await pass(2_000);
    server.up = true;
    await pass(4_000);
    expect([session.link.kind, session.media.kind, session.restarting, session.made]).toEqual(['live', 'connected', false, 2]);
    expect(server.all('hello').at(-1)?.resume).toEqual({ session: 'session-1', sequence: before });
    expect(session.mirror?.conference).toEqual(server.conference);
    expect([server.all('join').at(-1)?.microphone, browser.audible, session.microphoneHeldBack]).toEqual([true, true, false]);
  });
  it('keeps a microphone closed that the chair had closed', async () => {
    const { browser, server } = await joined();
    server.microphone(false, 'chair');
    server.stop();
    browser.connection.farewell();
    server.up = true;
    await pass(5_000);
    expect([server.all('join').at(-1)?.microphone, browser.audible]).toEqual([false, false]);
  });
  it('without a record begins anew, with the microphone held back', async () => {
    const { browser, session, server } = await joined((fresh) => (fresh.server.keepsRecord = false));
    server.stop();
    browser.connection.farewell();
    server.up = true;
    await pass(5_000);
    expect([session.media.kind, session.made]).toEqual(['connected', 2]);
    expect(session.mirror?.conference).toEqual(server.conference);
    expect([server.all('join').at(-1)?.microphone, browser.audible, session.microphoneHeldBack]).toEqual([false, false, true]);
    void session.setMicrophone(true);
    await pass(soonMs);
    expect([browser.audible, session.microphoneHeldBack]).toEqual([true, false]);
  });
  it('keeps a microphone closed that was closed while it was away', async () => {
    const { browser, session, server } = await joined();
    server.stop();
    browser.connection.farewell();
    await session.setMicrophone(false);
    expect(session.notice).toBeNull();
    server.up = true;
    await pass(5_000);
    expect([session.link.kind, server.all('join').at(-1)?.microphone, server.own.microphone.open, browser.audible]).toEqual(['live', false, false, false]);
  });
  it('closes the connection of before, and keeps none of its places', async () => {
    const { browser, session, server } = await joined();
    const [old] = session.places;
    server.stop();
    browser.connection.farewell();
    server.up = true;
    await pass(5_000);
    expect(browser.connections.map(({ connectionState }) => connectionState)).toEqual(['closed', 'connected']);
    expect(session.places[0]?.track).not.toBe(old?.track);
  });
});

describe('a lost link', () => {
  it('is back without new media, with all that happened meanwhile', async () => {
    const { session, server } = await joined();
    server.socket.lose();
    server.happen({ type: 'stage_changed', seat: 'hall' });
    await pass(1_000);
    expect([session.link.kind, session.made, session.mirror?.conference.stage]).toEqual(['live', 1, 'hall']);
  });
  it('takes a snapshot where the server no longer knows all of it', async () => {
    const { session, server } = await joined();
    server.socket.lose();
    server.happen({ type: 'lock_changed', locked: true });
    server.forgetLog();
    await pass(1_000);
    expect([session.link.kind, session.made]).toEqual(['live', 1]);
    expect(session.mirror?.conference).toEqual(server.conference);
  });
  it('adds no event to a mirror of another session', async () => {
    const { session, server } = await joined();
    server.socket.lose();
    server.forget();
    await pass(1_000);
    expect(session.mirror?.conference).toEqual(server.conference);
    expect(server.all('hello').at(-1)?.resume?.session).toBe('session-1');
  });
  it('is noticed when the server is silent', async () => {
    const { session, server } = await joined();
    server.silent.add('ping');
    await pass(5_100);
    expect(session.link.kind).not.toBe('live');
    server.silent.clear();
    await pass(1_000);
    expect([session.link.kind, session.made]).toEqual(['live', 1]);
  });
  it('is tried at once when the network is back', async () => {
    const { browser, session, server } = await joined();
    server.up = false;
    server.socket.lose();
    browser.navigator.onLine = false;
    browser.window.dispatchEvent(new Event('offline'));
    expect(session.offline).toBe(true);
    await pass(30_000);
    server.up = browser.navigator.onLine = true;
    browser.window.dispatchEvent(new Event('online'));
    await pass(soonMs);
    expect([session.link.kind, session.offline]).toEqual(['live', false]);
  });
});

describe('another network', () => {
  it('moves the media by an ICE restart, without another join', async () => {
    const { browser, session, server } = await joined();
    await pass(3_000);
    browser.connection.reached = false;
    await vi.waitFor(() => expect(server.all('restart_ice')).toHaveLength(1), { timeout: 5_000 });
    browser.connection.reached = true;
    await pass(2_000);
    expect([session.media.kind, session.made, server.all('join').length]).toEqual(['connected', 1, 1]);
    expect(server.all('restart_ice')[0]?.fragment).toContain('page-2');
    expect(browser.connection.remoteDescription?.sdp).toContain('server-secret-2');
  });
  it('joins anew when the restart is refused', async () => {
    const { browser, session, server } = await joined();
    server.refusals.push(['restart_ice', 'not_joined']);
    browser.connection.become('failed');
    await pass(soonMs);
    expect([session.media.kind, session.made]).toEqual(['connected', 2]);
    expect([server.all('join').at(-1)?.microphone, browser.audible]).toEqual([true, true]);
  });
  it('waits for the signalling, without which nothing can be asked', async () => {
    const { browser, session, server } = await joined();
    server.up = false;
    server.socket.lose();
    browser.connection.become('failed');
    await pass(5_000);
    expect(server.all('restart_ice')).toEqual([]);
    server.up = true;
    await pass(4_000);
    expect([server.all('restart_ice').length, session.made]).toEqual([1, 1]);
  });
});

describe('a hello that is refused', () => {
  async function refused(code: 'token_expired' | 'wrong_version' | 'locked', reloaded = false) {
    const browser = new FakeBrowser();
    browser.server.refusals.push(['hello', code]);
    const session = await browser.start({ reloaded });
    await pass(1_000);
    return { browser, session };
  }
  it('gets another token when the token is too old', async () => {
    const { browser, session } = await refused('token_expired');
    expect(browser.exchanged).toEqual(['token-1', 'token-2']);
    expect([session.link.kind, browser.server.all('hello').at(-1)?.token]).toEqual(['live', 'token-2']);
  });
  it('loads the page anew when it is too old, once', async () => {
    const { browser, session } = await refused('wrong_version');
    expect([browser.reload.mock.calls.length, session.link.kind, browser.kept.size]).toEqual([1, 'idle', 1]);
    const again = await refused('wrong_version', true);
    expect(again.browser.reload).not.toHaveBeenCalled();
    expect(again.session.link).toEqual({ kind: 'over', ending: { why: 'refused', code: 'wrong_version' } });
  });
  it('forgets that it was loaded anew as soon as that has helped', async () => {
    const browser = new FakeBrowser();
    await browser.start({ reloaded: true });
    await pass(soonMs);
    expect(browser.kept.size).toBe(0);
  });
  it('ends where the room is locked', async () => {
    const { session } = await refused('locked');
    expect(session.link).toEqual({ kind: 'over', ending: { why: 'refused', code: 'locked' } });
    expect(vi.getTimerCount()).toBe(0);
  });
  it('ends when the seat is taken elsewhere, and does not fight for it', async () => {
    const { browser, session, server } = await joined();
    server.bye('replaced');
    await pass(60_000);
    expect(session.link).toEqual({ kind: 'over', ending: { why: 'replaced' } });
    expect([server.all('hello').length, browser.connection.connectionState]).toEqual([1, 'closed']);
  });
});

describe('slides', () => {
  it('are shown, and stop with the track', async () => {
    const { browser, session, server } = await joined();
    void session.share();
    await pass(soonMs);
    expect([server.conference.slides, browser.connection.sent[2]]).toEqual(['site-1', browser.capture.screen]);
    session.stopSharing();
    await pass(soonMs);
    expect([server.conference.slides, browser.connection.sent[2]]).toEqual([undefined, null]);
  });
  it('are let go when the server refuses them', async () => {
    const { browser, session, server } = await joined();
    server.refusals.push(['share_slides', 'not_allowed']);
    void session.share();
    await pass(soonMs);
    expect([browser.capture.screen, session.notice]).toEqual([null, { code: 'not_allowed', what: 'share_slides' }]);
    expect(browser.connection.sent[2]).toBeNull();
  });
  it('are let go when somebody else shows some', async () => {
    const { browser, session, server } = await joined();
    void session.share();
    await pass(soonMs);
    server.happen({ type: 'slides_changed', seat: 'hall' });
    await pass(soonMs);
    expect([browser.capture.screen, server.conference.slides]).toEqual([null, 'hall']);
  });
  it('are not even chosen where they are not allowed', async () => {
    const { browser, session } = await joined((fresh) => (fresh.server.may = ['open_own_microphone']));
    await session.share();
    expect([browser.capture.screen, session.notice?.code]).toEqual([null, 'not_allowed']);
  });
});

describe('leaving', () => {
  const nothingLeft = ({ listeners, connections, server, session }: FakeBrowser) => ({
    timers: vi.getTimerCount(),
    listeners,
    connections: connections.filter(({ connectionState }) => connectionState !== 'closed').length,
    sockets: server.sockets.filter(({ readyState }) => readyState !== 3).length,
    places: session.places.length,
  });
  const nothing = { timers: 0, listeners: 0, connections: 0, sockets: 0, places: 0 };

  it('is said, and leaves nothing behind', async () => {
    const { browser, session, server } = await joined();
    session.leave();
    await pass(soonMs);
    expect(server.all('leave')).toHaveLength(1);
    expect(session.link).toEqual({ kind: 'over', ending: { why: 'left' } });
    expect(nothingLeft(browser)).toEqual(nothing);
  });
  for (const afterMs of [0, 10, 15, 25, 35, 45, 55, 65, 75])
    it(`leaves nothing behind ${afterMs} ms after its beginning`, async () => {
      const browser = new FakeBrowser();
      const session = await browser.start();
      await pass(afterMs);
      session.leave();
      await pass(soonMs);
      expect(nothingLeft(browser)).toEqual(nothing);
    });
  it('leaves nothing behind while commands are under way, nor while the server is away', async () => {
    const { browser, session, server } = await joined();
    server.silent.add('demand').add('open_camera');
    session.demand(new Map([tile(5, 'hall')]));
    void session.setCamera(true);
    await pass(300);
    session.leave();
    session.demand(new Map([tile(6, 'hall')])); // of a picture that goes last
    await pass(soonMs);
    expect(nothingLeft(browser)).toEqual(nothing);
    const away = await joined();
    away.server.stop();
    away.session.leave();
    await pass(soonMs);
    expect(nothingLeft(away.browser)).toEqual(nothing);
  });
});

it('knows after a sleep that the device slept, and asks at once whether it is still there', async () => {
  const { session, server } = await joined();
  const pings = server.all('ping').length;
  vi.setSystemTime(Date.now() + 3_600_000);
  await pass(1_050);
  expect([session.slept, server.all('ping').length]).toEqual([true, pings + 1]);
  await pass(16_000);
  expect([session.slept, session.link.kind]).toEqual([false, 'live']);
  expect(seatOf(session.mirror?.conference, 'site-1')?.present).toBe(true);
});
