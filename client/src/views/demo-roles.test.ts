import { describe, expect, it } from 'vitest';

import type { DemoLink } from '../api/demo';
import { demoRoles, firstTwo } from './demo-roles';

const link = (seat: string, role: string, more = ''): DemoLink => ({ seat, name: seat, role: role as DemoLink['role'], fragment: `#invitation=${seat}${more}` });
const demo = { title: 'Demo', links: [link('chair', 'chair'), link('s1', 'site'), link('hall-screen', 'hall', '&view=wall'), link('hall', 'hall'), link('s2', 'site'), link('s', 'viewer', '&view=wall'), link('odd', 'gardener')] };

describe('the demo’s roles', () => {
  it('come one by one with all their links, the many sites last, unknown ones not at all', () => {
    expect(demoRoles(demo).map(({ kind, links }) => [kind, links.map(({ seat }) => seat)])).toEqual([
      ['hall', ['hall']],
      ['chair', ['chair']],
      ['screen', ['hall-screen', 's']],
      ['site', ['s1', 's2']],
    ]);
  });
  it('begin with the hall’s own page and a site', () => expect(firstTwo(demo)).toMatchObject({ hall: { seat: 'hall' }, site: { seat: 's1' } }));
  it('have no first two where one is missing', () => expect(firstTwo({ title: '', links: [link('hall', 'hall')] })).toBeNull());
});
