// The demo's links by what their holder does. Pure.
import type { Demo, DemoLink } from '../api/demo';
import type { PlainKey } from '../messages/index';
import { roleKey } from '../messages/roles';

export interface DemoRole {
  kind: Kind;
  title: PlainKey;
  links: DemoLink[];
}

const kinds = ['hall', 'chair', 'delegate', 'presenter', 'moderator', 'screen', 'viewer', 'site'] as const; // the many last
export type Kind = (typeof kinds)[number];

const isScreen = ({ fragment }: DemoLink) => new URLSearchParams(fragment.slice(1)).get('view') === 'wall';
const kindOf = (link: DemoLink): string => (isScreen(link) ? 'screen' : link.role);

export function demoRoles({ links }: Demo): DemoRole[] {
  return kinds.flatMap((kind) => {
    const own = links.filter((link) => kindOf(link) === kind);
    return own.length > 0 ? [{ kind, title: kind === 'screen' ? 'start.screen' : (roleKey(kind) ?? 'role.viewer'), links: own }] : [];
  });
}

// The two that see and hear each other with the least ado; null where the demo lacks one.
export function firstTwo(demo: Demo): { hall: DemoLink; site: DemoLink } | null {
  const [hall, site] = ['hall', 'site'].map((kind) => demo.links.find((link) => kindOf(link) === kind));
  return hall && site ? { hall, site } : null;
}
