import { describe, expect, it } from 'vitest';

import { invitationFromPaste, readInvitation, readLink, tokenFromPaste, watchLink, writeLink } from './link';
import { readToken } from './token';

const claims = { conf: 'demo', role: 'site', sub: 'site-7', name: 'Điểm cầu 7' };
const encode = (value: unknown) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const token = `${encode({ alg: 'HS256' })}.${encode(claims)}.c2lnbmF0dXJl`;

describe('the fragment', () => {
  it('says what to do, where and as whom', () => {
    expect(readLink(`#conference=demo&token=${token}&as=publish&name=hall&quality=360&codec=AV1`)).toEqual({
      view: 'publish',
      conference: 'demo',
      token,
      name: 'hall',
      quality: 360,
      codec: 'av1',
    });
  });
  it('may be empty', () => {
    expect(readLink('')).toEqual({ view: 'watch', conference: '', token: '', name: '', quality: 720, codec: null });
  });
  it('takes the conference from the token when it names none', () => {
    expect(readLink(`#token=${token}`).conference).toBe('demo');
  });
  it('falls back for values that it does not know', () => {
    expect(readLink('#as=explode&quality=9000&codec=mpeg1')).toMatchObject({ view: 'watch', quality: 720, codec: null });
  });
  it('is read back as it was written', () => {
    const link = readLink(`#conference=đại hội&as=publish&name=a%26b&token=${token}`);
    expect(readLink(writeLink(link))).toEqual(link);
  });
});

describe('the link for viewers', () => {
  it('carries no token', () => {
    const page = `http://localhost:8080/#conference=demo&as=publish&name=hall&token=${token}`;
    const passedOn = watchLink(page, readLink(new URL(page).hash));
    expect(passedOn).toBe('http://localhost:8080/#conference=demo&as=watch&name=hall');
  });
});

describe('what people paste', () => {
  it('may be a whole link', () => expect(tokenFromPaste(` http://localhost/#as=watch&token=${token} `)).toBe(token));
  it('may be a bare token', () => expect(tokenFromPaste(token + '\n')).toBe(token));
  it('may be neither', () => {
    expect(tokenFromPaste('hello')).toBe('');
    expect(tokenFromPaste('http://localhost/#as=watch')).toBe('');
  });
});

describe('an invitation', () => {
  it('is the whole link', () => {
    expect(readInvitation('#invitation=k3Q_x')).toEqual({ invitation: 'k3Q_x', wall: false, codec: null, quality: 720 });
    expect(readInvitation('#invitation=k3Q_x&view=wall&quality=360')).toMatchObject({ wall: true, quality: 360 });
  });
  it('is told from other links', () => {
    for (const fragment of ['', '#', '#invitation=', '#conference=demo&token=x']) expect(readInvitation(fragment)).toBeNull();
  });
  it('may be pasted', () => {
    expect(invitationFromPaste(' http://localhost:8080/#invitation=k3Q_x ')).toBe('#invitation=k3Q_x');
    expect(invitationFromPaste('hello')).toBe('');
  });
});

describe('the token', () => {
  it('tells role and subject, whatever their letters', () => {
    expect(readToken(token)).toEqual({ conference: 'demo', role: 'site', subject: 'site-7' });
  });
  it('tells nothing when it is none', () => {
    for (const text of ['', 'a.b', 'a.!!.c', `a.${encode('text')}.c`, `a.${encode(null)}.c`]) expect(readToken(text)).toBeNull();
  });
});
