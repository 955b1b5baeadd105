/** Two or more runs side by side. */

import { useResource } from "../api";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { Table, type TableContent } from "../parts/table";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import { LazyFigure } from "./lazy_figure";
import texts from "./texts";

type Compared = {
  readonly runs: readonly { readonly id: string; readonly title: string; readonly started?: string }[];
  readonly notes?: readonly string[];
  readonly tables: readonly TableContent[];
  readonly figures: readonly { readonly run: string; readonly name: string; readonly title: string }[];
};

export function Comparison({ ids }: { ids: readonly string[] }) {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language } = usePage();
  const compared = useResource<Compared>("/runs/compare", { ids: ids.join(","), lang: language });
  if (compared.error) return <RequestFailure error={compared.error} retry={compared.reload} />;
  if (compared.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const { value } = compared;
  return (
    <article class="run">
      <p class="small unprinted">
        <Link path="/runs">← {say("runs.back")}</Link>
      </p>
      <h1>{say("runs.compared", { n: value.runs.length })}</h1>
      <ul>
        {value.runs.map((run) => (
          <li key={run.id}>
            <Link path={`/runs/${encodeURIComponent(run.id)}`}>{run.title}</Link>
          </li>
        ))}
      </ul>
      {value.notes?.map((note) => (
        <p class="note" key={note}>
          {note}
        </p>
      ))}
      {value.tables.map((table) => (
        <section class="panel" key={table.title}>
          <Table table={table} />
        </section>
      ))}
      <h2>{say("runs.figures")}</h2>
      <div class="grid">
        {value.figures.map((figure) => (
          <LazyFigure
            key={`${figure.run} ${figure.name}`}
            path={`/runs/${encodeURIComponent(figure.run)}/figures/${encodeURIComponent(figure.name)}`}
            name={figure.name}
            title={figure.title}
          />
        ))}
      </div>
    </article>
  );
}
