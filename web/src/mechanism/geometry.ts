/** From two nodes to the curve of an arrow: it leaves and meets their borders, and bows a little to one side. */

import type { Plate } from "./plate";

export type Curve = {
  readonly path: string;
  /** Where it ends, and the direction there, in degrees. */
  readonly end: readonly [number, number];
  readonly angle: number;
  readonly middle: readonly [number, number];
};

type Point = readonly [number, number];
const USUAL = 0.1;
/** Gap between an arrow and the nodes it joins. */
const START_GAP = 2;
const END_GAP = 4.5;

export function curve(plate: Plate, id: string, from: string, to: string): Curve | null {
  const source = plate.spots[from];
  const target = plate.spots[to];
  if (source === undefined || target === undefined) return null;
  const bow = plate.bows[id] ?? USUAL;
  const [dx, dy] = [target.x - source.x, target.y - source.y];
  const control: Point = [(source.x + target.x) / 2 + bow * dy, (source.y + target.y) / 2 - bow * dx];
  const start = shifted([source.x, source.y], control, (source.r ?? plate.radius) + START_GAP);
  const end = shifted([target.x, target.y], control, (target.r ?? plate.radius) + END_GAP);
  const angle = (Math.atan2(target.y - control[1], target.x - control[0]) * 180) / Math.PI;
  const middle: Point = [
    (start[0] + 2 * control[0] + end[0]) / 4,
    (start[1] + 2 * control[1] + end[1]) / 4,
  ];
  return { path: `M${text(start)} Q${text(control)} ${text(end)}`, end, angle, middle };
}

function shifted(from: Point, towards: Point, distance: number): Point {
  const [dx, dy] = [towards[0] - from[0], towards[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  return [from[0] + (dx / length) * distance, from[1] + (dy / length) * distance];
}

function text([x, y]: Point): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
