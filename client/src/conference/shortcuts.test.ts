import { describe, expect, it } from 'vitest';

import { keyName, shortcutFor, shortcuts, shortcutsFor, type Press } from './shortcuts';

const press = (key: string, change: Partial<Press> = {}): Press => ({ key, modified: false, composing: false, focus: 'elsewhere', ...change });
const meant = (key: string, change: Partial<Press> = {}, on = true) => shortcutFor(press(key, change), ['room', 'lead'], on)?.action ?? null;

describe('a key', () => {
  it('means what the table says, in capitals too', () => {
    expect([meant('m'), meant('M'), meant('?'), meant(' '), meant('4')]).toEqual(['own_microphone', 'own_microphone', 'help', 'push_to_talk', 'hall_slides']);
    expect(meant('z')).toBeNull();
  });
  it('means nothing while somebody types', () => {
    expect([meant('m', { focus: 'text' }), meant('m', { composing: true }), meant('m', { modified: true })]).toEqual([null, null, null]);
  });
  it('that presses a button is the button’s', () => {
    expect([meant(' ', { focus: 'button' }), meant('Enter', { focus: 'button' }), meant('m', { focus: 'button' })]).toEqual([null, null, 'own_microphone']);
  });
  it('of the list means something there only', () => {
    expect(meant('ArrowDown')).toBeNull();
    expect(shortcutFor(press('ArrowDown'), ['list'], true)?.action).toBe('down');
    expect(shortcutFor(press('m'), ['list'], true)).toBeNull();
  });
});

describe('shortcuts that are switched off', () => {
  it('leave no character key (WCAG 2.1.4)', () => {
    for (const { keys, place } of shortcuts)
      for (const key of keys) if (key.length === 1) expect(shortcutFor(press(key), [place], false), key).toBeNull();
  });
  it('leave the arrows', () => expect(shortcutFor(press('ArrowUp'), ['list'], false)?.action).toBe('up'));
});

describe('the table', () => {
  it('gives no key two meanings', () => {
    const keys = shortcuts.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });
  it('says only what a person may do', () => {
    const actions = (...may: Parameters<typeof shortcutsFor>[0] extends ReadonlySet<infer T> ? T[] : never) => shortcutsFor(new Set(may)).map(({ action }) => action);
    expect(actions()).toContain('own_microphone');
    expect(actions()).not.toContain('mute_all');
    expect(actions('close_microphone')).toContain('mute_all');
  });
  it('names its keys', () => expect([' ', 'm', 'ArrowUp', 'Home'].map((key) => keyName(key, 'Space'))).toEqual(['Space', 'M', '↑', 'Home']));
});
