import { describe, expect, it } from 'vitest';

import type { Layout, SlotDemand } from '../api/messages';
import { assignSlots, demandChanges } from './demand';
import { arrange, fit, grid, pageOf, qualityFor, shownLayout, tileSubjects, type Box, type Metrics, type Scene, type Size } from './layout';
import { seat } from './testing/seats';

const metrics: Metrics = { gap: 8, leastTile: 160, pagerHeight: 44 };
const phone: Metrics = { gap: 6, leastTile: 120, pagerHeight: 44 };
const screens: [Size, Metrics][] = [
  [{ width: 344, height: 460 }, phone],
  [{ width: 640, height: 280 }, phone],
  [{ width: 940, height: 620 }, metrics],
  [{ width: 1880, height: 900 }, metrics],
  [{ width: 3800, height: 2000 }, { gap: 16, leastTile: 300, pagerHeight: 80 }],
];

function expectInside(box: Box, { width, height }: Size): void {
  expect(box.x).toBeGreaterThanOrEqual(-0.01);
  expect(box.y).toBeGreaterThanOrEqual(-0.01);
  expect(box.x + box.width).toBeLessThanOrEqual(width + 0.01);
  expect(box.y + box.height).toBeLessThanOrEqual(height + 0.01);
}
const apart = (a: Box, b: Box) => a.x + a.width <= b.x + 0.01 || b.x + b.width <= a.x + 0.01 || a.y + a.height <= b.y + 0.01 || b.y + b.height <= a.y + 0.01;

const layouts: Layout[] = ['speaker', 'side_by_side', 'mosaic', 'slides'];
const scene = (change: Partial<Scene> = {}): Scene => ({ layout: 'speaker', stage: false, second: false, slides: false, tiles: 0, slots: 25, ...change });

describe('the arrangement', () => {
  it('turns pages on a wall without keeping room for buttons', () => {
    const made = arrange({ width: 1900, height: 960 }, scene({ stage: true, tiles: 14 }), { gap: 10, leastTile: 413, pagerHeight: 0 });
    expect([made.pager, made.pages, made.tiles.length]).toEqual([null, 4, 4]);
    for (const tile of made.tiles) expect(tile.width).toBeGreaterThanOrEqual(400);
  });

  it('keeps every picture inside, whole and apart, on every screen, in every layout', () => {
    for (const [size, m] of screens)
      for (const layout of layouts)
        for (const stage of [false, true])
          for (const second of [false, true])
            for (const slides of [false, true])
              for (const tiles of [0, 1, 2, 3, 5, 8, 14, 25, 60]) {
                const wish = scene({ layout, stage, second, slides, tiles });
                const made = arrange(size, wish, m);
                const boxes = [made.stage, made.second, made.slides, made.pager, ...made.tiles].filter((box) => box !== null);
                for (const box of boxes) expectInside(box, size);
                boxes.forEach((box, index) => boxes.slice(index + 1).forEach((other) => expect(apart(box, other), JSON.stringify([size, wish])).toBe(true)));
                for (const box of boxes) if (box !== made.pager) expect(box.width / box.height).toBeCloseTo(16 / 9, 3);
                expect([made.stage !== null, made.slides !== null]).toEqual([stage, slides]);
                if (made.tiles.length > 0) expect(made.pages * made.tiles.length).toBeGreaterThanOrEqual(tiles);
              }
  });
  it('has a place for everybody but where two or slides fill the screen', () => {
    for (const [size, m] of screens)
      for (const layout of ['speaker', 'mosaic'] as const) expect(arrange(size, scene({ layout, stage: true, tiles: 30 }), m).tiles.length, layout).toBeGreaterThan(0);
  });
  it('gives the stage most of the area, and slides more than the stage', () => {
    for (const [size, m] of screens) {
      const { stage, tiles } = arrange(size, scene({ stage: true, tiles: 14 }), m);
      expect(stage!.width).toBeGreaterThan(tiles[0]!.width * 1.5);
      const both = arrange(size, scene({ stage: true, slides: true, tiles: 14 }), m);
      expect(both.slides!.width).toBeGreaterThan(both.stage!.width);
    }
  });
  it('shows no tile that is too small for anybody to be seen in', () => {
    for (const layout of ['speaker', 'side_by_side', 'slides'] as const)
      for (let height = 60; height < 700; height += 7)
        for (const { width } of arrange({ width: 344, height }, scene({ layout, stage: true, tiles: 9 }), phone).tiles) expect(width, `${layout} ${height}`).toBeGreaterThanOrEqual(phone.leastTile / 2);
  });
  it('leaves no hole between the stage and few tiles beneath it, and as much above as below', () => {
    const { stage, tiles } = arrange({ width: 344, height: 460 }, scene({ stage: true, tiles: 3 }), phone);
    expect(tiles[0]!.y).toBeCloseTo(stage!.y + stage!.height + phone.gap, 3);
    expect(stage!.y).toBeGreaterThan(1);
    expect(460 - tiles[2]!.y - tiles[2]!.height).toBeCloseTo(stage!.y, 3);
  });
  it('shows fourteen sites on a wall at once', () => {
    expect(arrange({ width: 1880, height: 900 }, scene({ stage: true, tiles: 14 }), metrics).pages).toBe(1);
  });
  it('has no more tiles on a page than slots', () => {
    const made = arrange({ width: 1880, height: 900 }, scene({ tiles: 30, slots: 9 }), metrics);
    expect([made.tiles.length, made.pages, made.pager !== null]).toEqual([9, 4, true]);
  });
  it('fills the area with one picture', () => {
    expect(arrange({ width: 1600, height: 900 }, scene({ stage: true }), metrics).stage).toEqual({ x: 0, y: 0, width: 1600, height: 900 });
    expect(fit({ x: 0, y: 0, width: 900, height: 900 })).toMatchObject({ x: 0, width: 900, height: 506.25 });
  });
  it('has nothing to do before it knows its size', () => {
    expect(arrange({ width: 0, height: 0 }, scene({ stage: true, slides: true, tiles: 3 }), metrics).stage).toBeNull();
  });
  it('centres an incomplete last row', () => {
    const boxes = grid({ x: 0, y: 0, width: 330, height: 400 }, 3, 10);
    expect(boxes).toHaveLength(3);
    expect(boxes.at(-1)!.x + boxes.at(-1)!.width / 2).toBeCloseTo(165, 0);
  });
});

describe('side by side', () => {
  it('makes stage and second speaker equally large, larger than the others', () => {
    for (const [size, m] of screens) {
      const { stage, second, tiles } = arrange(size, scene({ layout: 'side_by_side', stage: true, second: true, tiles: 14 }), m);
      expect(second!.width).toBeCloseTo(stage!.width, 3);
      for (const tile of tiles) expect(tile.width).toBeLessThan(stage!.width);
    }
  });
  it('stands in the middle, the others right beneath', () => {
    const size = { width: 1400, height: 900 };
    const { stage, second, tiles } = arrange(size, scene({ layout: 'side_by_side', stage: true, second: true, tiles: 3 }), metrics);
    expect(tiles[0]!.y - (second!.y + second!.height)).toBeCloseTo(metrics.gap, 3);
    expect(stage!.y).toBeCloseTo(size.height - (tiles[0]!.y + tiles[0]!.height), 3);
  });
  it('has the slides beside the stage while there are some', () => {
    const { stage, second, slides } = arrange({ width: 1880, height: 900 }, scene({ layout: 'side_by_side', stage: true, second: true, slides: true }), metrics);
    expect([second, slides!.width]).toEqual([null, stage!.width]);
  });
  it('leaves the others out where they would cost the two their size', () => {
    const { stage, tiles, pages } = arrange({ width: 640, height: 220 }, scene({ layout: 'side_by_side', stage: true, second: true, tiles: 14 }), phone);
    expect([tiles, pages]).toEqual([[], 1]);
    expect(stage!.width).toBeCloseTo(317, 0);
  });
  it('needs two', () => expect(shownLayout({ layout: 'side_by_side', stage: true, second: false, slides: false })).toBe('speaker'));
});

describe('the mosaic of all', () => {
  it('makes everybody equally large, slides and stage too, on every page', () => {
    const made = arrange({ width: 940, height: 620 }, scene({ layout: 'mosaic', stage: true, slides: true, tiles: 60 }), metrics);
    const widths = [made.slides, made.stage, ...made.tiles].map((box) => Math.round(box!.width));
    expect(new Set(widths).size).toBe(1);
    expect(made.pages).toBe(Math.ceil(60 / made.tiles.length));
  });
});

describe('slides and speaker', () => {
  it('leaves all others out', () => {
    const made = arrange({ width: 1880, height: 900 }, scene({ layout: 'slides', stage: true, slides: true, tiles: 14 }), metrics);
    expect([made.tiles.length, made.slides!.width > made.stage!.width]).toEqual([0, true]);
  });
  it('is the speaker’s while there are no slides', () => expect(shownLayout({ layout: 'slides', stage: true, second: false, slides: false })).toBe('speaker'));
});

describe('the layer', () => {
  it('is the lowest that looks as good', () => {
    expect([100, 200, 240, 241, 400, 480, 481, 900].map((height) => qualityFor(height, 1))).toEqual(['low', 'low', 'low', 'medium', 'medium', 'medium', 'high', 'high']);
  });
  it('takes sharp screens into account, up to twice', () => {
    expect(qualityFor(150, 2)).toBe('medium');
    expect(qualityFor(98, 3)).toBe('low');
  });
});

describe('the mosaic', () => {
  it('has everyone who is there but oneself, the stage and viewers', () => {
    const seats = [seat('hall'), seat('a'), seat('b', { present: false }), seat('c', { role: 'viewer' }), seat('d')];
    expect(tileSubjects(seats, 'a', 'hall').map(({ key }) => key)).toEqual(['d']);
    expect(tileSubjects(seats, 'a', undefined).map(({ key }) => key)).toEqual(['hall', 'd']);
  });
  it('has a tile for each camera of a room, the stage’s others too', () => {
    const seats = [seat('hall', { sends: ['microphone', 'camera', 'camera'] }), seat('a', { sends: [] })];
    expect(tileSubjects(seats, '', undefined).map(({ key, camera }) => [key, camera])).toEqual([['hall', 0], ['hall#1', 1], ['a', 0]]);
    expect(tileSubjects(seats, '', 'hall').map(({ key }) => key)).toEqual(['hall#1', 'a']);
  });
  it('has pages', () => expect(pageOf([1, 2, 3, 4, 5], 1, 2)).toEqual([3, 4]));
});

describe('slots', () => {
  const slots = [5, 6, 7];
  it('stay with who stays visible', () => {
    const first = assignSlots(new Map(), ['a', 'b', 'c'], slots);
    expect([...first]).toEqual([['a', 5], ['b', 6], ['c', 7]]);
    const second = assignSlots(first, ['b', 'd', 'c'], slots);
    expect(Object.fromEntries(second)).toEqual({ b: 6, c: 7, d: 5 });
  });
  it('are no more than there are', () => expect(assignSlots(new Map(), ['a', 'b', 'c', 'd'], slots).size).toBe(3));
  it('of an older session are forgotten', () => expect([...assignSlots(new Map([['a', 40]]), ['a'], slots)]).toEqual([['a', 5]]));
});

describe('the demand', () => {
  const map = (...demands: SlotDemand[]) => new Map(demands.map((demand) => [demand.slot, demand]));
  it('says only what is new', () => {
    const asked = map({ slot: 5, seat: 'a', quality: 'low' }, { slot: 6, seat: 'b', quality: 'low' });
    expect(demandChanges(asked, map({ slot: 5, seat: 'a', quality: 'low', camera: 0 }, { slot: 6, seat: 'b', quality: 'high' }))).toEqual([{ slot: 6, seat: 'b', quality: 'high' }]);
  });
  it('turns off what is no longer shown, once', () => {
    const asked = map({ slot: 5, seat: 'a', quality: 'low' }, { slot: 6, quality: 'off' });
    expect(demandChanges(asked, map())).toEqual([{ slot: 5, quality: 'off' }]);
  });
  it('tells a room’s cameras apart', () => {
    expect(demandChanges(map({ slot: 5, seat: 'a', quality: 'low' }), map({ slot: 5, seat: 'a', quality: 'low', camera: 1 }))).toHaveLength(1);
  });
});
