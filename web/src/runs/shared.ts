/** What several runs have in common, row by row. */

import type { Contrast } from "../parts/contrasts";
import type { RunContent } from "./view";

export type SharedRow = {
  readonly set: string;
  readonly endpoint: string;
  readonly experimental: string;
  readonly control: string;
  /** One for each run, in their order; null where a run has none. */
  readonly contrasts: readonly (Contrast | null)[];
};

/** Every hazard ratio that any of the runs has, in the order in which they first occur. */
export function shared(runs: readonly Pick<RunContent, "sets" | "contrasts">[]): readonly SharedRow[] {
  const key = (row: Contrast) => [row.population, row.endpoint, row.experimental, row.control].join("\n");
  const rows = new Map<string, SharedRow>();
  for (const run of runs) {
    for (const row of run.contrasts) {
      if (rows.has(key(row))) continue;
      rows.set(key(row), {
        set: run.sets.find(({ id }) => id === row.population)?.title ?? row.population,
        endpoint: row.endpoint,
        experimental: row.experimental,
        control: row.control,
        contrasts: runs.map((each) => each.contrasts.find((one) => key(one) === key(row)) ?? null),
      });
    }
  }
  return [...rows.values()];
}

export type SharedFigure = {
  readonly name: string;
  readonly numbers: readonly { readonly run: string; readonly number: number; readonly title: string }[];
};

/** Figures that occur under the same name in two runs or more. */
export function sharedFigures(runs: readonly Pick<RunContent, "id" | "figures">[]): readonly SharedFigure[] {
  const names = new Set(runs.flatMap((run) => run.figures.map(({ name }) => name)));
  return [...names]
    .map((name) => ({
      name,
      numbers: runs.flatMap((run) =>
        run.figures.filter((figure) => figure.name === name).map(({ number, title }) => ({ run: run.id, number, title })),
      ),
    }))
    .filter(({ numbers }) => numbers.length > 1);
}
