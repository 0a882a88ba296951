import { en } from './en';
import type { PlainKey } from './index';

type RoleKey = Extract<PlainKey, `role.${string}`>;

// The message that names a token's role; null for a role that this page does not know.
export function roleKey(role: string): RoleKey | null {
  const key = `role.${role}`;
  return Object.hasOwn(en, key) ? (key as RoleKey) : null;
}
