/** The results of one run. */

import { address as apiAddress, useResource } from "../api";
import { Contrasts, type Contrast } from "../parts/contrasts";
import { Copy, type CopyTexts } from "../parts/copy";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { Table, type TableContent } from "../parts/table";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import type { ViewProperties } from "../views";
import { groups, type FigureName } from "./figures";
import { LazyFigure } from "./lazy_figure";
import "./runs.css";
import texts from "./texts";

export type RunContent = {
  readonly id: string;
  readonly title: string;
  readonly answer?: string | null;
  readonly warnings?: readonly string[];
  readonly populations?: readonly { readonly id: string; readonly title: string }[];
  readonly contrasts: readonly Contrast[];
  readonly figures: readonly FigureName[];
  readonly tables: readonly TableContent[];
};

export default function RunView({ places }: ViewProperties) {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { address, language, set } = usePage();
  const path = `/runs/${encodeURIComponent(places.id!)}`;
  const run = useResource<RunContent>(path, { lang: language });
  const copy = useResource<CopyTexts>(`${path}/copy`, { lang: language });
  if (run.error) return <RequestFailure error={run.error} retry={run.reload} />;
  if (run.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const { value } = run;
  const available = groups(value.figures);
  const shown = available.find(({ group }) => group === address.query.figures) ?? available[0];
  return (
    <article class="run">
      <p class="small unprinted">
        <Link path="/runs">← {say("runs.back")}</Link>
      </p>
      <h1>{value.title}</h1>
      {value.answer && <p class="lead">{value.answer}</p>}
      {value.warnings?.map((warning) => (
        <p class="note" key={warning}>
          {warning}
        </p>
      ))}
      <Contrasts
        contrasts={value.contrasts}
        populations={Object.fromEntries((value.populations ?? []).map(({ id, title }) => [id, title]))}
      />
      <div class="row tabs unprinted">
        <h2>{say("runs.figures")}</h2>
        <div class="segments" role="group" aria-label={say("runs.figures")}>
          {available.map(({ group }) => (
            <button
              type="button"
              key={group}
              aria-pressed={group === shown?.group}
              onClick={() => set({ figures: group }, true)}
            >
              {say(`runs.group.${group}`)}
            </button>
          ))}
        </div>
      </div>
      <div class="grid">
        {shown?.figures.map((figure) => (
          <LazyFigure
            key={figure.name}
            path={`${path}/figures/${encodeURIComponent(figure.name)}`}
            name={figure.name}
            title={figure.title}
          />
        ))}
      </div>
      <h2>{say("runs.tables")}</h2>
      {value.tables.map((table) => (
        <details class="panel" key={table.title}>
          <summary>{table.title}</summary>
          <Table table={table} untitled />
        </details>
      ))}
      <Copy copy={copy.value} />
      <p class="unprinted">
        <a class="button" href={apiAddress(`${path}/report`, { lang: language })} download>
          {say("runs.report")}
        </a>
      </p>
    </article>
  );
}
