/** Two or more runs side by side: their hazard ratios in one table, and the figures that they share. */

import { useEffect, useState } from "preact/hooks";
import { asApiError, get, type ApiError } from "../api";
import { estimate, NO_VALUE } from "../language/format";
import { ratio } from "../parts/contrasts";
import { RequestFailure } from "../parts/failure";
import { LazyFigure } from "../parts/lazy_figure";
import { Link } from "../parts/link";
import { Table } from "../parts/table";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import { shared, sharedFigures } from "./shared";
import texts from "./texts";
import type { RunContent } from "./view";

export function Comparison({ ids }: { ids: readonly string[] }) {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language } = usePage();
  const [runs, setRuns] = useState<readonly RunContent[] | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  const key = ids.join(",");
  useEffect(() => {
    const control = new AbortController();
    setError(null);
    Promise.all(
      ids.map((id) => get<RunContent>(`/runs/${encodeURIComponent(id)}`, { lang: language }, control.signal)),
    ).then(setRuns, (cause: unknown) => !control.signal.aborted && setError(asApiError(cause)));
    return () => control.abort();
  }, [key, language]);
  if (error) return <RequestFailure error={error} />;
  if (runs === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const names = runs.map((run, index) => `${String.fromCharCode(65 + index)} · ${run.trial.title}`);
  const rows = shared(runs);
  const several = new Set(rows.map(({ set }) => set)).size > 1;
  return (
    <article class="run">
      <p class="small unprinted">
        <Link path="/runs">← {say("runs.back")}</Link>
      </p>
      <h1>{say("runs.compared", { n: runs.length })}</h1>
      <ol class="compared">
        {runs.map((run, index) => (
          <li key={run.id}>
            <Link path={`/runs/${encodeURIComponent(run.id)}`}>{names[index]}</Link>{" "}
            <span class="muted small">
              {say("runs.seeds", {
                patients: run.arms.reduce((sum, arm) => sum + arm.n, 0),
                replicates: run.run.replicates,
                seed: String(run.run.seed ?? NO_VALUE),
              })}
            </span>
          </li>
        ))}
      </ol>
      <div class="panel">
        <Table
          table={{
            title: say("runs.quantity"),
            columns: [
              say("runs.quantity"),
              ...(several ? [say("runs.set")] : []),
              ...runs.map((_, index) => String.fromCharCode(65 + index)),
            ],
            rows: rows.map((row) => [
              `${row.endpoint}, ${row.experimental} / ${row.control}`,
              ...(several ? [row.set] : []),
              ...row.contrasts.map((contrast) => {
                const interval = contrast && ratio(contrast, "mechanism");
                return interval ? estimate(interval.value, interval.low, interval.high, 2, language) : NO_VALUE;
              }),
            ]),
          }}
        />
      </div>
      <h2>{say("runs.figures")}</h2>
      {sharedFigures(runs).map(({ name, numbers }) => (
        <div class="grid" key={name}>
          {numbers.map(({ run, number, title }) => (
            <LazyFigure
              key={run}
              path={`/runs/${encodeURIComponent(run)}/figures/${number}`}
              name={name}
              title={title}
            />
          ))}
        </div>
      ))}
    </article>
  );
}
