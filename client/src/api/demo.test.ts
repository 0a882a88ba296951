import { describe, expect, it } from 'vitest';

import { readDemo } from './demo';

const link = { seat: 'hall', name: 'Hội trường', role: 'hall', fragment: '#invitation=8f0c' };

describe('the links of a demo', () => {
  it('are read as the server says them', () => expect(readDemo({ conference: { id: 'demo', title: 'Demo' }, links: [link] })).toEqual({ title: 'Demo', links: [link] }));
  it('lead nowhere but to this page', () => {
    const fragments = ['https://elsewhere.example/', 'javascript:alert(1)', '//elsewhere.example', 7, undefined];
    expect(readDemo({ links: [...fragments.map((fragment) => ({ ...link, fragment })), null, link] })?.links).toEqual([link]);
  });
  it('are none where the answer is something else', () => {
    for (const body of [null, {}, { links: 'none' }, 'text']) expect(readDemo(body)).toBeNull();
  });
});
