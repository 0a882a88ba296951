import { describe, expect, it } from 'vitest';

import { judge, readProblem, readRetryAfter } from './problem';
import { readPublications } from './publications';

const answer = (status: number, body: string, headers: Record<string, string> = {}) => new Response(body, { status, headers });
const problemJson = { 'Content-Type': 'application/problem+json' };

describe('a refusal', () => {
  it('is read with its sentence', async () => {
    const problem = await readProblem(answer(409, '{"title":"Conflict","detail":"Nobody is publishing as hall now."}', { ...problemJson, 'Retry-After': '2' }));
    expect(problem).toEqual({ status: 409, title: 'Conflict', detail: 'Nobody is publishing as hall now.', retryAfterSeconds: 2 });
  });
  it('is read without one', async () => {
    expect(await readProblem(answer(502, '<h1>Bad gateway</h1>'))).toMatchObject({ status: 502, detail: '' });
    expect(await readProblem(answer(400, '{"det', problemJson))).toMatchObject({ status: 400, detail: '' });
    expect(await readProblem(answer(400, 'null', problemJson))).toMatchObject({ status: 400, detail: '' });
  });
});

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    expect(readRetryAfter('7', 0)).toBe(7);
    expect(readRetryAfter('Thu, 01 Jan 1970 00:00:09 GMT', 4_000)).toBe(5);
    expect(readRetryAfter('Thu, 01 Jan 1970 00:00:01 GMT', 4_000)).toBe(0);
  });
  it('may be missing or nonsense', () => {
    expect(readRetryAfter(null, 0)).toBeNull();
    expect(readRetryAfter('soon', 0)).toBeNull();
  });
});

describe('what can be done', () => {
  const verdict = (status: number, retryAfterSeconds: number | null = null) => judge({ status, title: '', detail: '', retryAfterSeconds });
  it('is to wait for a publication that has not begun', () => {
    expect(verdict(409, 2)).toBe('absent');
    expect(verdict(404, 2)).toBe('absent');
  });
  it('is to come back to a server that is busy or out of reach', () => {
    for (const status of [0, 408, 429, 500, 503]) expect(verdict(status)).toBe('busy');
  });
  it('is to ask a person about everything else', () => {
    for (const status of [-1, 400, 401, 403, 404, 406, 409, 415]) expect(verdict(status)).toBe('final');
  });
});

describe('the list of publications', () => {
  it('takes what it knows and leaves the rest', () => {
    expect(readPublications({ publications: [{ name: 'hall', open: true, live: true, tracks: [] }, { name: 5 }, null] })).toEqual([
      { name: 'hall', open: true, live: true },
    ]);
    expect(readPublications(null)).toEqual([]);
  });
});
