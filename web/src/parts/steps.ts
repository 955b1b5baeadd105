/** Values of a Kaplan-Meier figure, as the server sends them beside the drawing, and how they are read off. */

export type Curve = {
  readonly id: string;
  readonly colour: string;
  /** Months at which the curve steps, rising, beginning with 0. */
  readonly months: readonly number[];
  /** Percent without event from each of the months on. */
  readonly survival: readonly number[];
  readonly at_risk: readonly number[];
};

export type SurvivalValues = {
  readonly kind: "km";
  /** Where the axes lie, in the drawing's own coordinates, and the months and percents at their ends. */
  readonly plot: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly months: readonly [number, number];
    readonly percent: readonly [number, number];
  };
  readonly arms: readonly Curve[];
};

export function isSurvival(values: unknown): values is SurvivalValues {
  return typeof values === "object" && values !== null && (values as { kind?: unknown }).kind === "km";
}

/** Index of the last step at or before a time; -1 before the first. The months rise. */
export function lastStep(months: readonly number[], time: number): number {
  let low = 0;
  let high = months.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (months[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export type Reading = { readonly survival: number; readonly atRisk: number };

/** What a curve says at a time; null before its first or after its last month. */
export function read(curve: Curve, time: number): Reading | null {
  const step = lastStep(curve.months, time);
  const last = curve.months[curve.months.length - 1];
  if (step < 0 || last === undefined || time > last + 1e-9) return null;
  return { survival: curve.survival[step]!, atRisk: curve.at_risk[step]! };
}

/** Linear map from one interval onto another. */
export function scaled(value: number, from: readonly [number, number], to: readonly [number, number]): number {
  return to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);
}
