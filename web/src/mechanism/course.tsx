/** A small curve of one quantity over time, with its band, the day shown, and a second curve beside it. */

import { shown } from "./scale";
import type { Series } from "./types";

const WIDTH = 280;
const HEIGHT = 96;
const [LEFT, RIGHT, TOP, BOTTOM] = [42, 8, 8, 18];

type Properties = {
  readonly days: readonly number[];
  readonly day: number;
  readonly series: Series;
  readonly second?: Series;
  readonly low?: Series;
  readonly high?: Series;
  readonly unit: string;
  readonly label: string;
};

export function Course({ days, day, series, second, low, high, unit, label }: Properties) {
  const all = [series, second, low, high].flatMap((one) => one ?? []).filter((one): one is number => one !== null);
  if (all.length === 0) return null;
  let [bottom, top] = [Math.min(...all), Math.max(...all)];
  if (bottom > 0 && bottom < 0.4 * top) bottom = 0;
  if (top === bottom) [bottom, top] = top === 0 ? [0, 1] : [bottom - Math.abs(bottom) * 0.1, top + Math.abs(top) * 0.1];
  const last = days[days.length - 1]! || 1;
  const x = (value: number) => LEFT + ((WIDTH - LEFT - RIGHT) * value) / last;
  const y = (value: number) => TOP + ((HEIGHT - TOP - BOTTOM) * (top - value)) / (top - bottom);
  const line = (values: Series) =>
    values
      .map((value, index) => (value === null ? "" : `${index === 0 ? "M" : "L"}${x(days[index]!).toFixed(1)} ${y(value).toFixed(1)}`))
      .join(" ");
  const reversed = (values: Series) =>
    values
      .map((value, index) => ({ value, index }))
      .reverse()
      .map(({ value, index }) => (value === null ? "" : `L${x(days[index]!).toFixed(1)} ${y(value).toFixed(1)}`))
      .join(" ");
  return (
    <svg class="course" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <path class="axis" d={`M${LEFT} ${TOP} V${HEIGHT - BOTTOM} H${WIDTH - RIGHT}`} fill="none" />
      {low && high && <path class="band" d={`${line(high)} ${reversed(low)} Z`} />}
      <path class="line" d={line(series)} />
      {second && <path class="line second" d={line(second)} />}
      <path class="now" d={`M${x(day).toFixed(1)} ${TOP} V${HEIGHT - BOTTOM}`} />
      <text x={LEFT - 4} y={TOP + 7} text-anchor="end">
        {shown(top, unit)}
      </text>
      <text x={LEFT - 4} y={HEIGHT - BOTTOM} text-anchor="end">
        {shown(bottom, unit)}
      </text>
      <text x={LEFT} y={HEIGHT - 5}>
        0
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 5} text-anchor="end">
        {last} d
      </text>
    </svg>
  );
}
