// Where stage, second speaker, slides and the mosaic's tiles stand in a given area, how many tiles a page of the mosaic has, and which
// layer of a picture a box needs. Pure; all in CSS pixels.
import type { Layout, Quality, Seat } from '../api/messages';
import { sendsItself } from './roles';

export interface Size {
  width: number;
  height: number;
}
export interface Box extends Size {
  x: number;
  y: number;
}

export interface Scene {
  layout: Layout;
  stage: boolean;
  second: boolean; // somebody to stand beside the stage
  slides: boolean;
  tiles: number; // as there are people to show
  slots: number; // as can be shown at once
}

export interface Metrics {
  gap: number;
  leastTile: number; // width
  pagerHeight: number; // 0: pages turn without one
}

export interface Arrangement {
  stage: Box | null;
  second: Box | null;
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

// The layout that can be shown: side by side needs two, slides need slides.
export function shownLayout({ layout, stage, second, slides }: Omit<Scene, 'tiles' | 'slots'>): Layout {
  if (layout === 'side_by_side' && !(stage && (slides || second))) return 'speaker';
  if (layout === 'slides' && !slides) return 'speaker';
  return layout;
}

export function arrange(size: Size, scene: Scene, metrics: Metrics): Arrangement {
  const arrangement: Arrangement = { stage: null, second: null, slides: null, tiles: [], pages: 1, pager: null };
  const area: Box = { x: 0, y: 0, ...size };
  if (size.width <= 0 || size.height <= 0) return arrangement;
  switch (shownLayout(scene)) {
    case 'speaker':
      return withSpeaker(arrangement, area, scene, metrics);
    case 'side_by_side':
      return withTwo(arrangement, area, scene, metrics);
    case 'mosaic':
      return withEqual(arrangement, area, scene, metrics);
    case 'slides':
      return withSlides(arrangement, area, scene, metrics);
  }
}

const hasOthers = ({ tiles, slots }: Scene) => tiles > 0 && slots > 0;

function withSpeaker(arrangement: Arrangement, area: Box, scene: Scene, metrics: Metrics): Arrangement {
  const others = hasOthers(scene);
  let rest = area;
  let above: Box | null = null; // of tiles right beneath it
  if (scene.stage || scene.slides) {
    const alone = !others && !(scene.stage && scene.slides);
    const { picture, rest: left } = alone ? { picture: fit(rest), rest } : large(rest, metrics);
    arrangement[scene.slides ? 'slides' : 'stage'] = picture;
    rest = left;
    if (scene.stage && scene.slides) {
      const second = small(rest, !others, metrics);
      arrangement.stage = second.picture;
      rest = second.rest;
    } else if (rest.y > area.y) above = picture;
  }
  if (!others) return arrangement;
  const made = withTiles(arrangement, rest, scene, metrics);
  return above ? centred(made, area, above, metrics) : made;
}

// The stage and what belongs to it, equally large: the slides, or else the second speaker. The others beneath, unless that costs the
// two more than a fifth.
function withTwo(arrangement: Arrangement, area: Box, scene: Scene, metrics: Metrics): Arrangement {
  const { gap, leastTile, pagerHeight } = metrics;
  const inRow = Math.max(1, Math.floor((area.width + gap) / (leastTile + gap)));
  const needed = leastTile / ratio + (scene.tiles > Math.min(scene.slots, inRow) ? pagerHeight + gap : 0);
  const strip = Math.max(area.height * share, needed) + gap;
  const whole = grid(area, 2, gap);
  const shared = grid({ ...area, height: Math.max(0, area.height - strip) }, 2, gap);
  const others = hasOthers(scene) && shared[0]!.width >= whole[0]!.width * 0.8;
  const rise = others ? area.y - shared[0]!.y : 0;
  const [left, right] = (others ? shared : whole).map((box) => ({ ...box, y: box.y + rise }));
  arrangement.stage = left!;
  arrangement[scene.slides ? 'slides' : 'second'] = right!;
  if (!others) return arrangement;
  const taken = right!.y + right!.height + gap - area.y;
  return centred(withTiles(arrangement, { ...area, y: area.y + taken, height: area.height - taken }, scene, metrics), area, right!, metrics);
}

// The tiles right beneath what is large, and all of them in the middle.
function centred(made: Arrangement, area: Box, above: Box, { gap }: Metrics): Arrangement {
  if (made.pager || made.tiles.length === 0) return made;
  const rise = made.tiles[0]!.y - (above.y + above.height + gap);
  const last = made.tiles.at(-1)!;
  const fall = (area.y + area.height - (last.y + last.height - rise)) / 2;
  const moved = (box: Box | null, by: number) => box && { ...box, y: box.y + by };
  return { ...made, stage: moved(made.stage, fall), second: moved(made.second, fall), slides: moved(made.slides, fall), tiles: made.tiles.map((box) => ({ ...box, y: box.y + fall - rise })) };
}

// Slides and stage come first and are on every page.
function withEqual(arrangement: Arrangement, area: Box, scene: Scene, metrics: Metrics): Arrangement {
  const pinned = [...(scene.slides ? (['slides'] as const) : []), ...(scene.stage ? (['stage'] as const) : [])];
  const tiles = hasOthers(scene) ? scene.tiles : 0;
  const { perPage, rest, pager } = paged(area, tiles, scene.slots, pinned.length, metrics);
  const boxes = grid(rest, pinned.length + Math.min(tiles, perPage), metrics.gap);
  for (const [index, use] of pinned.entries()) arrangement[use] = boxes[index]!;
  return { ...arrangement, tiles: boxes.slice(pinned.length), pages: Math.max(1, Math.ceil(tiles / perPage)), pager };
}

function withSlides(arrangement: Arrangement, area: Box, scene: Scene, metrics: Metrics): Arrangement {
  if (!scene.stage) return { ...arrangement, slides: fit(area) };
  const { picture, rest } = large(area, metrics);
  return { ...arrangement, slides: picture, stage: fit(rest) };
}

function withTiles(arrangement: Arrangement, area: Box, scene: Scene, metrics: Metrics): Arrangement {
  const { perPage, rest, pager } = paged(area, scene.tiles, scene.slots, 0, metrics);
  // Half of the least tile shows nobody: what is large is enough then.
  if (rest.height < metrics.leastTile / ratio / 2 || rest.width < metrics.leastTile / 2) return arrangement;
  return { ...arrangement, tiles: grid(rest, Math.min(scene.tiles, perPage), metrics.gap), pages: Math.ceil(scene.tiles / perPage), pager };
}

// How many of the tiles an area takes at once, and what it leaves for them beside the pager that the others need.
function paged(area: Box, tiles: number, slots: number, pinned: number, metrics: Metrics): { perPage: number; rest: Box; pager: Box | null } {
  const most = (room: Box) => Math.max(1, Math.min(slots, capacity(room, metrics) - pinned));
  if (tiles <= most(area) || metrics.pagerHeight === 0) return { perPage: most(area), rest: area, pager: null };
  const { gap, pagerHeight } = metrics;
  const rest = { ...area, height: area.height - pagerHeight - gap };
  return { perPage: most(rest), rest, pager: { ...area, y: area.y + area.height - pagerHeight, height: pagerHeight } };
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
    .filter((seat) => seat.present && seat.id !== own && sendsItself(seat.role))
    .flatMap((seat) => {
      const cameras = Math.max(1, seat.sends.filter((use) => use === 'camera').length);
      return Array.from({ length: cameras }, (_, camera) => ({ key: camera === 0 ? seat.id : `${seat.id}#${camera}`, seat, camera }));
    })
    .filter(({ seat, camera }) => seat.id !== stage || camera > 0);
}

export function pageOf<T>(items: readonly T[], page: number, perPage: number): T[] {
  return items.slice(page * perPage, (page + 1) * perPage);
}
