// Where stage, slides and the mosaic's tiles stand in a given area, how many tiles a page of the mosaic has, and which layer of a
// picture a box needs. Pure; all in CSS pixels.
import type { Quality, Seat } from '../api/messages';

export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  x: number;
  y: number;
}

export interface Scene {
  stage: boolean;
  slides: boolean;
  tiles: number; // as there are people to show
  slots: number; // as can be shown at once
}

export interface Metrics {
  gap: number;
  leastTile: number; // width
  pagerHeight: number;
}

export interface Arrangement {
  stage: Box | null;
  slides: Box | null;
  tiles: Box[]; // of one page
  pages: number;
  pager: Box | null;
}

const ratio = 16 / 9;
// The mosaic's share of the area beside or beneath a large picture.
const share = 0.22;

export function fit({ x, y, width, height }: Box): Box {
  const fitted = Math.max(0, Math.min(width, height * ratio));
  return { x: x + (width - fitted) / 2, y: y + (height - fitted / ratio) / 2, width: fitted, height: fitted / ratio };
}

function tileWidth({ width, height }: Size, columns: number, rows: number, gap: number): number {
  return Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows) * ratio);
}

// As many tiles of the least width as the area takes; one at least.
export function capacity({ width, height }: Size, { leastTile, gap }: Metrics): number {
  const columns = Math.floor((width + gap) / (leastTile + gap));
  const rows = Math.floor((height + gap) / (leastTile / ratio + gap));
  return Math.max(1, columns * rows);
}

// The largest tiles that `count` of them can have; an incomplete last row stands in the middle.
export function grid(area: Box, count: number, gap: number): Box[] {
  if (count === 0) return [];
  let columns = 1;
  let width = 0;
  for (let tried = 1; tried <= count; tried += 1) {
    const possible = tileWidth(area, tried, Math.ceil(count / tried), gap);
    if (possible > width) [columns, width] = [tried, possible];
  }
  const rows = Math.ceil(count / columns);
  const height = width / ratio;
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
    return { x: left + (index % columns) * (width + gap), y: top + row * (height + gap), width, height };
  });
}

// A large picture at one side of the area, and what is left of it: beside or beneath, whichever leaves the picture larger.
function large(area: Box, metrics: Metrics): { picture: Box; rest: Box } {
  const { gap, leastTile } = metrics;
  const beside = fit({ ...area, width: area.width - Math.max(area.width * share, leastTile) - gap });
  const beneath = fit({ ...area, height: area.height - Math.max(area.height * share, leastTile / ratio) - gap });
  if (beside.width > beneath.width) {
    const taken = beside.width + gap;
    return { picture: { ...beside, x: area.x }, rest: { ...area, x: area.x + taken, width: area.width - taken } };
  }
  const taken = beneath.height + gap;
  return { picture: { ...beneath, y: area.y }, rest: { ...area, y: area.y + taken, height: area.height - taken } };
}

// The stage beside slides: small, but larger than the others.
function small(area: Box, alone: boolean, { gap }: Metrics): { picture: Box; rest: Box } {
  if (alone) return { picture: fit(area), rest: { ...area, width: 0, height: 0 } };
  if (area.width > area.height * 2) {
    const picture = fit({ ...area, width: Math.min(area.height * ratio, area.width / 2) });
    const taken = picture.width + gap;
    return { picture: { ...picture, x: area.x }, rest: { ...area, x: area.x + taken, width: area.width - taken } };
  }
  const picture = fit({ ...area, height: Math.min(area.width / ratio, area.height / 2) });
  const taken = picture.height + gap;
  return { picture: { ...picture, y: area.y }, rest: { ...area, y: area.y + taken, height: area.height - taken } };
}

export function arrange(size: Size, scene: Scene, metrics: Metrics): Arrangement {
  const arrangement: Arrangement = { stage: null, slides: null, tiles: [], pages: 1, pager: null };
  let rest: Box = { x: 0, y: 0, ...size };
  if (size.width <= 0 || size.height <= 0) return arrangement;
  const others = scene.tiles > 0 && scene.slots > 0;
  if (scene.stage || scene.slides) {
    const alone = !others && !(scene.stage && scene.slides);
    const { picture, rest: left } = alone ? { picture: fit(rest), rest } : large(rest, metrics);
    arrangement[scene.slides ? 'slides' : 'stage'] = picture;
    rest = left;
    if (scene.stage && scene.slides) {
      const second = small(rest, !others, metrics);
      arrangement.stage = second.picture;
      rest = second.rest;
    }
  }
  if (!others) return arrangement;
  let perPage = Math.min(scene.slots, capacity(rest, metrics));
  if (scene.tiles > perPage) {
    arrangement.pager = { ...rest, y: rest.y + rest.height - metrics.pagerHeight, height: metrics.pagerHeight };
    rest = { ...rest, height: rest.height - metrics.pagerHeight - metrics.gap };
    perPage = Math.min(scene.slots, capacity(rest, metrics));
  }
  arrangement.pages = Math.ceil(scene.tiles / perPage);
  arrangement.tiles = grid(rest, Math.min(scene.tiles, perPage), metrics.gap);
  return arrangement;
}

// A camera's layers have 180, 360 and 720 lines. A layer with three quarters of the box's lines looks as good in it as the next.
export function qualityFor(heightCss: number, pixelRatio: number): Exclude<Quality, 'off'> {
  const lines = heightCss * Math.min(pixelRatio, 2) * 0.75;
  return lines <= 180 ? 'low' : lines <= 360 ? 'medium' : 'high';
}

// One camera of one seat: a room with several has a tile for each.
export interface TileSubject {
  key: string;
  seat: Seat;
  camera: number;
}

// Everyone who is there, but for oneself and whoever is seen large; in the roster's order, so that nobody jumps about.
export function tileSubjects(seats: readonly Seat[], own: string, stage: string | undefined): TileSubject[] {
  return seats
    .filter((seat) => seat.present && seat.id !== own && seat.role !== 'viewer')
    .flatMap((seat) => {
      const cameras = Math.max(1, seat.sends.filter((use) => use === 'camera').length);
      return Array.from({ length: cameras }, (_, camera) => ({ key: camera === 0 ? seat.id : `${seat.id}#${camera}`, seat, camera }));
    })
    .filter(({ seat, camera }) => seat.id !== stage || camera > 0);
}

export function pageOf<T>(items: readonly T[], page: number, perPage: number): T[] {
  return items.slice(page * perPage, (page + 1) * perPage);
}
