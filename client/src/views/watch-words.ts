// What the watching page says in each situation.
import { refusalKey } from '../api/refusal';
import type { SessionState } from '../media/kept-session';
import type { MediaFigures } from '../media/statistics';
import type { Tone } from '../ui/Status.svelte';

export type WatchKey =
  | 'watch.choose'
  | 'watch.connecting'
  | 'watch.absent'
  | 'watch.live'
  | 'watch.soundOnly'
  | 'watch.dark'
  | 'state.reconnecting'
  | ReturnType<typeof refusalKey>;

export interface WatchWords {
  key: WatchKey;
  tone: Tone;
  showsPicture: boolean; // else the words stand in its place
}

// `figures`: null until the first second of a connection is over.
export function watchStatus(chosen: boolean, session: SessionState, figures: MediaFigures | null): WatchWords {
  if (!chosen) return { key: 'watch.choose', tone: 'calm', showsPicture: false };
  switch (session.kind) {
    case 'idle':
    case 'connecting':
      return { key: 'watch.connecting', tone: 'calm', showsPicture: false };
    case 'absent':
      return { key: 'watch.absent', tone: 'calm', showsPicture: false };
    case 'reconnecting':
      return { key: 'state.reconnecting', tone: 'warn', showsPicture: false };
    case 'refused':
      return { key: refusalKey(session.problem), tone: 'bad', showsPicture: false };
    case 'connected':
      if (!figures) return { key: 'watch.connecting', tone: 'calm', showsPicture: true };
      if (figures.picture) return { key: 'watch.live', tone: 'good', showsPicture: true };
      if (figures.sound) return { key: 'watch.soundOnly', tone: 'calm', showsPicture: false };
      return { key: 'watch.dark', tone: 'warn', showsPicture: false };
  }
}
