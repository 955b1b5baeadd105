/** Stored forecasts as `normoxia forecast --json` prints them, and their hazard ratios as rows. */

export type ForecastOutcome = {
  readonly population: string;
  readonly endpoint: string;
  readonly measure: string;
  readonly arm: string;
  readonly comparator: string;
  readonly months: number | null;
  readonly value: number | null;
  readonly interval: readonly [number | null, number | null] | null;
  readonly n: number | null;
  readonly origin: string;
};
export type DesignForecast = {
  readonly design: string;
  readonly limits: readonly string[];
  readonly sha256: string;
  readonly outcomes: readonly ForecastOutcome[];
};
export type Forecasts = {
  readonly date: string;
  readonly ensemble_sha256: string;
  readonly file_digest?: string | null;
  readonly designs: readonly DesignForecast[];
};

export type RatioRow = {
  readonly design: string;
  readonly arm: string;
  readonly comparator: string;
  readonly sha256: string;
  readonly pfs: ForecastOutcome | null;
  readonly os: ForecastOutcome | null;
};

/** One row for each comparison of each design: combined with the evidence where that exists, else the mechanism's. */
export function ratioRows(designs: readonly DesignForecast[]): readonly RatioRow[] {
  return designs.flatMap(({ design, sha256, outcomes }) => {
    const ratios = outcomes.filter(({ measure }) => measure === "hazard ratio");
    const pairs = [...new Set(ratios.map(({ arm, comparator }) => `${arm}\n${comparator}`))];
    const pick = (arm: string, comparator: string, endpoint: string) => {
      const own = ratios.filter((one) => one.arm === arm && one.comparator === comparator && one.endpoint === endpoint);
      return own.find(({ origin }) => origin !== "simulated") ?? own[0] ?? null;
    };
    if (pairs.length === 0) return [{ design, sha256, arm: "", comparator: "", pfs: null, os: null }];
    return pairs.map((pair) => {
      const [arm = "", comparator = ""] = pair.split("\n");
      return { design, sha256, arm, comparator, pfs: pick(arm, comparator, "PFS"), os: pick(arm, comparator, "OS") };
    });
  });
}
