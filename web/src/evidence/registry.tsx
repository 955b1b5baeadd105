/** The registry as a table that filters as one types. */

import { useMemo } from "preact/hooks";
import { count, number } from "../language/format";
import { Link } from "../parts/link";
import { usePage, useTexts } from "../state";
import { choices, classes, FIELDS, filtered, order, searched, type SortKey } from "./filter";
import { HIGH, LOW, MiniInterval } from "./interval";
import texts from "./texts";
import type { Ratio, StudyRow } from "./types";

const COLUMNS: readonly (readonly [SortKey | null, keyof typeof texts])[] = [
  ["id", "registry.trial"],
  ["year", "registry.year"],
  ["n", "registry.patients"],
  [null, "registry.setting"],
  [null, "registry.treatments"],
  ["hr_pfs", "registry.hr_pfs"],
  ["hr_os", "registry.hr_os"],
];

export function Registry({ studies }: { studies: readonly StudyRow[] }) {
  const { address, set } = usePage();
  const say = useTexts(texts);
  const { query } = address;
  const words = useMemo(() => new Map(studies.map((study) => [study.id, searched(study)])), [studies]);
  const shown = useMemo(() => filtered(studies, words, query), [studies, words, query]);
  const [key, down] = order(query.sort);
  const isFiltered = ["search", "class", ...FIELDS].some((name) => query[name]);
  return (
    <>
      <p class="lead">{say("registry.lead", { n: studies.length })}</p>
      <form class="filters unprinted" role="search" onSubmit={(event) => event.preventDefault()}>
        <div>
          <label for="registry-search">{say("registry.search")}</label>
          <input
            id="registry-search"
            type="search"
            placeholder={say("registry.search_hint")}
            value={query.search ?? ""}
            onInput={(event) => set({ search: event.currentTarget.value })}
          />
        </div>
        <Filter name="class" label={say("registry.classes")} options={classes(studies)} />
        {FIELDS.map((field) => (
          <Filter key={field} name={field} label={say(`registry.${field}`)} options={choices(studies, field)} />
        ))}
      </form>
      <p class="small muted" role="status">
        {say("registry.shown", { n: shown.length, all: studies.length })}{" "}
        {isFiltered && (
          <button
            type="button"
            class="unprinted"
            onClick={() => set(Object.fromEntries(["search", "class", ...FIELDS].map((name) => [name, null])))}
          >
            {say("registry.clear")}
          </button>
        )}
      </p>
      {shown.length === 0 ? (
        <p class="muted">{say("registry.none")}</p>
      ) : (
        <div class="panel registry">
          <div class="scroll" tabIndex={0} role="region" aria-label={say("registry.caption")}>
            <table>
              <caption class="unseen">{say("registry.caption")}</caption>
              <thead>
                <tr>
                  {COLUMNS.map(([sorted, title]) => (
                    <th
                      key={title}
                      scope="col"
                      class={sorted === "n" ? "number" : undefined}
                      aria-sort={sorted !== null && sorted === key ? (down ? "descending" : "ascending") : undefined}
                    >
                      {sorted === null ? (
                        say(title)
                      ) : (
                        <button
                          type="button"
                          title={say("registry.sort", { column: say(title) })}
                          onClick={() => set({ sort: sorted === key ? (down ? null : `-${sorted}`) : sorted })}
                        >
                          {say(title)}
                          {sorted === key && (down ? " ↓" : " ↑")}
                        </button>
                      )}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map((study) => (
                  <Row study={study} key={study.id} />
                ))}
              </tbody>
            </table>
          </div>
          <p class="note">{say("registry.scale", { low: LOW, high: HIGH })}</p>
        </div>
      )}
    </>
  );
}

function Row({ study }: { study: StudyRow }) {
  const say = useTexts(texts);
  const setting = [study.line, study.histology, study.egfr && `${say("registry.egfr")}: ${study.egfr}`, study.pdl1 && `PD-L1: ${study.pdl1}`];
  return (
    <tr>
      <th scope="row">
        <Link path={`/evidence/studies/${encodeURIComponent(study.id)}`}>{study.id}</Link>
        <small>{study.design.split(/[,，]/)[0]}</small>
        {study.discrepancies > 0 && <small class="issue">{say("registry.issues", { n: study.discrepancies })}</small>}
      </th>
      <td>{study.year ?? "–"}</td>
      <td class="number">{count(study.n || null)}</td>
      <td class="setting">{setting.filter(Boolean).join(" · ").replaceAll(">=", "≥ ")}</td>
      <td class="treatments">
        {study.arms.map((arm) => (
          <span key={arm.id}>{arm.label}</span>
        ))}
      </td>
      <RatioCell ratio={study.hr_pfs} />
      <RatioCell ratio={study.hr_os} />
    </tr>
  );
}

function RatioCell({ ratio }: { ratio: Ratio | null }) {
  if (ratio === null || ratio.value === null) return <td class="muted">–</td>;
  return (
    <td class="ratio" title={`${ratio.experimental} / ${ratio.control}, ${ratio.population}`}>
      <MiniInterval value={ratio.value} low={ratio.low} high={ratio.high} />
      <span>
        {number(ratio.value)}
        {ratio.low !== null && ratio.high !== null && ` (${number(ratio.low)}–${number(ratio.high)})`}
      </span>
    </td>
  );
}

function Filter({ name, label, options }: { name: string; label: string; options: readonly string[] }) {
  const { address, set } = usePage();
  const say = useTexts(texts);
  const chosen = address.query[name] ?? "";
  return (
    <div>
      <label for={`registry-${name}`}>{label}</label>
      <select id={`registry-${name}`} value={chosen} onChange={(event) => set({ [name]: event.currentTarget.value })}>
        <option value="">{say("registry.any")}</option>
        {options.map((option) => (
          <option value={option} key={option} selected={option === chosen}>
            {option.replaceAll(">=", "≥ ")}
          </option>
        ))}
      </select>
    </div>
  );
}
