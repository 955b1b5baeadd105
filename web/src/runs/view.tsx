/** The results of one run: hazard ratios, then its report. */

import { address as apiAddress, useResource } from "../api";
import { count } from "../language/format";
import { Contrasts, type Contrast } from "../parts/contrasts";
import { Copy, type CopyTexts } from "../parts/copy";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { Report, type ReportContent } from "../parts/report";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import type { ViewProperties } from "../views";
import "./runs.css";
import texts from "./texts";

export type RunContent = {
  readonly id: string;
  readonly trial: { readonly id: string; readonly title: string };
  readonly arms: readonly { readonly id: string; readonly title: string; readonly n: number }[];
  readonly sets: readonly { readonly id: string; readonly title: string }[];
  readonly warnings: readonly string[];
  readonly contrasts: readonly Contrast[];
  readonly figures: readonly { readonly number: number; readonly name: string; readonly title: string }[];
  readonly page: ReportContent;
  readonly run: { readonly replicates: number; readonly seed: number | null };
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
  const population = (value.sets.find(({ id }) => id === address.query.population) ?? value.sets[0])?.id;
  const patients = value.arms.reduce((sum, arm) => sum + arm.n, 0);
  return (
    <article class="run">
      <p class="small unprinted">
        <Link path="/runs">← {say("runs.back")}</Link>
      </p>
      <h1>{value.page.title}</h1>
      <p class="lead">{value.page.lead}</p>
      <Report report={value.page} path={path}>
        {value.sets.length > 1 && (
          <div class="segments unprinted" role="group" aria-label={say("runs.set")}>
            {value.sets.map(({ id, title }, index) => (
              <button
                type="button"
                key={id}
                aria-pressed={id === population}
                onClick={() => set({ population: index === 0 ? null : id }, true)}
              >
                {title}
              </button>
            ))}
          </div>
        )}
        <Contrasts contrasts={value.contrasts.filter((row) => row.population === population)} />
        <p class="note">
          {say("runs.seeds", {
            patients: count(patients),
            replicates: value.run.replicates,
            seed: String(value.run.seed ?? "–"),
          })}{" "}
          · <a href={apiAddress(`${path}/report`, { lang: language })}>{say("runs.report")}</a>
        </p>
      </Report>
      <Copy copy={copy.value} />
    </article>
  );
}
