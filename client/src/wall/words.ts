// What the hall's screen says instead of pictures, or over them, and how it goes on by itself. Pure.
import type { Conference } from '../api/messages';
import type { Problem } from '../api/problem';
import type { Ending, LifelineState } from '../conference/lifeline';
import type { MediaState } from '../conference/media-path';
import { seatOf } from '../conference/mirror';
import { sendsItself } from '../conference/roles';
import { endingKey, problemKey, refusalKey } from '../conference/words';
import type { PlainKey } from '../messages/index';

export interface Situation {
  outdated: boolean; // the server has a new version of this page
  ending: Ending | null;
  problem: Problem | null; // of opening the invitation
  link: LifelineState['kind'] | null; // null: there is no session yet
  media: MediaState;
  shown: boolean; // there were pictures before
}

// `whole`: there is nothing else to see. Otherwise the pictures stay, the last ones if none come.
export interface Words {
  key: PlainKey;
  whole: boolean;
}

export function screenWords({ outdated, ending, problem, link, media, shown }: Situation): Words | null {
  if (outdated) return { key: 'wall.outdated', whole: true };
  if (ending) return { key: endingKey(ending), whole: true };
  if (problem) return { key: problem.status === 0 ? 'wall.unreachable' : problemKey(problem), whole: true };
  if (link === null) return { key: 'state.connecting', whole: true };
  if (media.kind === 'refused') return { key: refusalKey(media.code), whole: true };
  if (link === 'live' && media.kind === 'connected') return null;
  return shown ? { key: 'wall.interrupted', whole: false } : { key: 'state.connecting', whole: true };
}

// Nobody stands beside the screen: what may pass is tried again. Not so where a person has decided (removed, another page has the
// seat), since two screens with one link would take it from each other for ever.
export function triesAgainAfterMs(ending: Ending): number | null {
  switch (ending.why) {
    case 'refused':
      return 10_000;
    case 'problem':
      return 30_000;
    default:
      return null;
  }
}

export interface Lines {
  seat: string | null; // whose name it is
  name: string;
  place: string;
}

// Who speaks; else null, and the title stands there.
export function linesOf(conference: Conference | undefined, seat: string | null): Lines | null {
  const found = seat === null ? undefined : seatOf(conference, seat);
  return found ? { seat: found.id, name: found.name, place: found.place ?? '' } : null;
}

// Beneath the title while nobody speaks.
export function quietWords(conference: Conference): { key: 'room.alone' | 'wall.nobodyOnStage' } | { key: 'room.onStage'; name: string } {
  if (!conference.seats.some(({ present, role }) => present && sendsItself(role))) return { key: 'room.alone' };
  const stage = seatOf(conference, conference.stage);
  return stage?.present ? { key: 'room.onStage', name: stage.name } : { key: 'wall.nobodyOnStage' };
}
