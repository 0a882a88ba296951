// What the one offer of a page holds: pure parts of media-session.ts.
import type { Role, SlotUse } from '../api/messages';
import { sendsItself } from './roles';

export interface Plan {
  sends: boolean;
  slots: SlotUse[];
}

// Those who lead and screens in a hall, which are viewers, show everyone they can; a room or a single person a page of nine.
const tilesOf: Record<Role, number> = { moderator: 25, chair: 25, hall: 25, presenter: 9, site: 9, delegate: 9, viewer: 25 };
const voices = 3;

// The first voice slot is the stage's: it shares its stream with the stage's picture, which keeps lips in sync.
export function planOf(role: Role, mostTiles: number): Plan {
  const tiles = Math.min(tilesOf[role], mostTiles);
  return {
    sends: sendsItself(role),
    slots: ['stage', 'slides', ...Array<SlotUse>(voices).fill('voice'), ...Array<SlotUse>(tiles).fill('tile')],
  };
}

interface Codec {
  mimeType: string;
  sdpFmtpLine?: string;
}

// A few dozen m-lines with every codec that a browser knows would make an offer of hundreds of kilobytes: only the four
// that conferences speak are offered, H.264 in its constrained baseline alone.
export function conferenceCodecs<T extends Codec>(codecs: readonly T[]): T[] {
  const wanted = ['video/vp8', 'video/vp9', 'video/h264', 'video/av1', 'video/rtx'];
  const order = (codec: T) => wanted.indexOf(codec.mimeType.toLowerCase());
  const taken = new Set<string>();
  return codecs
    .filter((codec) => {
      const fmtp = codec.sdpFmtpLine ?? '';
      if (order(codec) < 0) return false;
      if (/profile-id=[1-9]|profile=[1-9]/.test(fmtp) || /packetization-mode=0/.test(fmtp)) return false;
      if (/profile-level-id=(?!42e0)/i.test(fmtp)) return false;
      const name = codec.mimeType.toLowerCase();
      return !taken.has(name) && taken.add(name);
    })
    .sort((a, b) => order(a) - order(b));
}

export interface Encoding {
  rid: string;
  active: boolean;
  scaleResolutionDownBy: number;
  maxBitrate: number;
  maxFramerate: number;
}

// Three layers of a quarter, half and full width; of a smaller camera two, or the picture alone: Chromium sends no more of them, and
// would leave out the largest. The rates are those of 720 lines, by the square root of the size (small pictures need more bits a pixel).
export function cameraEncodings({ width = 1280, height = 720 }: { width?: number | undefined; height?: number | undefined }): Encoding[] {
  const pixels = width * height;
  const factor = Math.min(2, Math.sqrt(pixels / (1280 * 720)) || 1);
  const layers = pixels >= 960 * 540 ? 3 : pixels > 320 * 180 ? 2 : 1;
  const rates = [1_700_000, 500_000, 150_000];
  return ['l', 'm', 'h'].map((rid, index) => {
    const halvings = Math.max(0, layers - 1 - index);
    return { rid, active: index < layers, scaleResolutionDownBy: 2 ** halvings, maxBitrate: Math.round(rates[halvings]! * factor), maxFramerate: 30 };
  });
}

export const slidesEncoding = { maxBitrate: 2_500_000, maxFramerate: 15 };
