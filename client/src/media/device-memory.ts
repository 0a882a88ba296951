// What a person chose the last time on this computer: devices by id and name, and each microphone's sound settings by its name. It stays in
// the browser. Storage is closed to pages in some private modes; the choice then lasts as long as the page.
import { lanes, type Device, type Lane } from './devices';
import { processings, usualSound, type SoundSettings } from './sound-settings';

const storageKey = 'bridgehall.devices';
const mostMicrophones = 16;

export type Store = Pick<Storage, 'getItem' | 'setItem'>;
export interface Remembered {
  wishes: Partial<Record<Lane, Device>>;
  sound: Record<string, SoundSettings>; // by the microphone's name
}

function readDevice(value: unknown): Device | null {
  const { id, label } = (value ?? {}) as Partial<Record<keyof Device, unknown>>;
  return typeof id === 'string' && id !== '' && typeof label === 'string' ? { id, label } : null;
}

function readSound(value: unknown): SoundSettings | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = value as Partial<Record<keyof SoundSettings, unknown>>;
  return Object.fromEntries([...processings, 'stereo'].map((key) => [key, typeof fields[key as keyof SoundSettings] === 'boolean' ? fields[key as keyof SoundSettings] : usualSound[key as keyof SoundSettings]])) as SoundSettings;
}

export function recall(store: Store | null): Remembered {
  const remembered: Remembered = { wishes: {}, sound: {} };
  try {
    const kept = JSON.parse(store?.getItem(storageKey) ?? '{}') as { wishes?: Record<string, unknown>; sound?: Record<string, unknown> } | null;
    for (const lane of lanes) {
      const device = readDevice(kept?.wishes?.[lane]);
      if (device) remembered.wishes[lane] = device;
    }
    for (const [label, value] of Object.entries(kept?.sound ?? {}).slice(-mostMicrophones)) {
      const sound = readSound(value);
      if (sound) remembered.sound[label] = sound;
    }
  } catch {
    // As above, or not of ours.
  }
  return remembered;
}

export function remember(store: Store | null, { wishes, sound }: Remembered): void {
  try {
    store?.setItem(storageKey, JSON.stringify({ wishes, sound: Object.fromEntries(Object.entries(sound).slice(-mostMicrophones)) }));
  } catch {
    // As above.
  }
}

export function localStore(): Store | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
