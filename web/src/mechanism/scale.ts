/** How states become marks: change since the start as hue and strength of a node, effect of an arrow as its weight. */

import type { Series } from "./types";

export type Change = "more" | "less" | "same";
export type Mark = { readonly change: Change; readonly strength: number };

/** Ratios that show in full: four-fold for a node, two-fold for an arrow. */
const FULL_NODE = Math.log(4);
const FULL_ARROW = Math.log(2);
/** Ratios below this count as no change. */
const STILL = Math.log(1.03);

const NONE: Mark = { change: "same", strength: 0 };

/** The mark of a value beside the value it is compared with. */
export function mark(value: number | null | undefined, base: number | null | undefined, full = FULL_NODE): Mark {
  if (value === null || value === undefined || base === null || base === undefined) return NONE;
  if (base <= 0 || value <= 0) {
    if (value === base) return NONE;
    return { change: value > base ? "more" : "less", strength: 1 };
  }
  const log = Math.log(value / base);
  if (Math.abs(log) < STILL) return NONE;
  return { change: log > 0 ? "more" : "less", strength: Math.min(1, Math.abs(log) / full) };
}

export function arrowMark(value: number | null | undefined, base: number | null | undefined): Mark {
  return mark(value, base, FULL_ARROW);
}

/** A share of effect, such as the occupancy of a drug's target, as a mark of its own. */
export function share(value: number | null | undefined): number {
  return value === null || value === undefined ? 0 : Math.max(0, Math.min(1, value));
}

/** The value of a series between two days, linear. */
export function at(series: Series | undefined, days: readonly number[], day: number): number | null {
  if (series === undefined || series.length === 0) return null;
  const after = days.findIndex((one) => one >= day);
  if (after < 0) return series[series.length - 1] ?? null;
  if (after === 0 || days[after] === day) return series[after] ?? null;
  const [low, high] = [series[after - 1], series[after]];
  if (low === null || low === undefined || high === null || high === undefined) return null;
  const weight = (day - days[after - 1]!) / (days[after]! - days[after - 1]!);
  return low + (high - low) * weight;
}

/** A ratio as it is written: two digits below ten, whole above. */
export function times(value: number | null, base: number | null | undefined): string {
  if (value === null || base === null || base === undefined || base <= 0) return "";
  const ratio = value / base;
  return `×${ratio >= 9.95 ? ratio.toFixed(0) : ratio.toFixed(2).replace(/0$/, "")}`;
}

/** A value in its unit. */
export function shown(value: number | null | undefined, unit: string): string {
  if (value === null || value === undefined) return "–";
  if (unit === "share") return `${(100 * value).toFixed(value < 0.0995 ? 1 : 0)}%`;
  const size = Math.abs(value);
  if (size >= 1e5) {
    const power = Math.floor(Math.log10(size));
    return `${(value / 10 ** power).toFixed(1)}×10${superscript(power)}`;
  }
  if (size >= 100) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  if (size >= 0.1 || value === 0) return value.toFixed(2);
  return value.toPrecision(2);
}

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";
function superscript(power: number): string {
  return [...String(power)].map((digit) => (digit === "-" ? "⁻" : DIGITS[Number(digit)]!)).join("");
}
