/** A published study: setting, arms, every reported number with its source, quotations, and what does not agree. */

import { useResource } from "../api";
import { count, estimate, number } from "../language/format";
import { RequestFailure } from "../parts/failure";
import { Link } from "../parts/link";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import { Findings } from "./audit";
import { MiniInterval } from "./interval";
import texts from "./texts";
import type { Reported, StudyContent } from "./types";

export function Study({ id }: { id: string }) {
  const { language } = usePage();
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const content = useResource<StudyContent>(`/evidence/studies/${encodeURIComponent(id)}`, { lang: language });
  if (content.error) return <RequestFailure error={content.error} retry={content.reload} />;
  if (content.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const { study, reported, quotations, sources, discrepancies } = content.value;
  const populations = [...new Set(reported.map((one) => one.population))];
  const facts: readonly (readonly [keyof typeof texts, string])[] = [
    ["study.design", study.design],
    ["study.phase", study.phase],
    ["study.masking", study.masking],
    ["study.region", study.region],
    ["registry.line", study.line],
    ["registry.histology", study.histology],
    ["registry.egfr", study.egfr],
    ["registry.pdl1", study.pdl1],
    ["study.primary", [(study.primary_endpoints ?? []).join(", "), study.primary_endpoint_met].filter(Boolean).join(": ")],
    ["study.registration", (study.identifiers ?? []).join(", ")],
  ];
  return (
    <article>
      <p class="small unprinted">
        <Link path="/evidence">← {say("study.back")}</Link>
      </p>
      <h1>{study.id}</h1>
      <p class="lead">{study.title}</p>
      <dl class="facts panel">
        {facts
          .filter(([, value]) => value)
          .map(([key, value]) => (
            <div key={key}>
              <dt>{say(key)}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
      <h2>{say("study.arms")}</h2>
      <div class="panel">
        <div class="scroll" tabIndex={0} role="region" aria-label={say("study.arms")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{say("study.arm")}</th>
                <th scope="col" class="number">
                  {say("registry.patients")}
                </th>
                <th scope="col">{say("study.regimen")}</th>
              </tr>
            </thead>
            <tbody>
              {study.arms.map((arm) => (
                <tr key={arm.id}>
                  <th scope="row">
                    {arm.label}
                    <small>{arm.id}</small>
                  </th>
                  <td class="number">{count(arm.n)}</td>
                  <td>{(arm.regimen ?? []).join("; ")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
      <h2>{say("study.outcomes")}</h2>
      {populations.map((population) => (
        <section class="panel outcomes" key={population}>
          <h3>{population}</h3>
          <Outcomes rows={reported.filter((one) => one.population === population)} label={population} />
        </section>
      ))}
      {quotations.length > 0 && (
        <>
          <h2>{say("study.quotations")}</h2>
          <div class="panel">
            <div class="scroll" tabIndex={0} role="region" aria-label={say("study.quotations")}>
              <table>
                <thead>
                  <tr>
                    <th scope="col">{say("study.what")}</th>
                    <th scope="col">{say("study.arm")}</th>
                    <th scope="col" class="number">
                      {say("study.value")}
                    </th>
                    <th scope="col">{say("study.quote")}</th>
                  </tr>
                </thead>
                <tbody>
                  {quotations.map((one, index) => (
                    <tr key={index}>
                      <th scope="row">{one.what}</th>
                      <td>
                        {one.arm}
                        {one.population && <small>{one.population}</small>}
                      </td>
                      <td class="number">
                        {one.value ?? "–"} {one.unit}
                      </td>
                      <td>
                        <q lang="zh">{one.quote}</q>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </div>
        </>
      )}
      <h2>{say("study.discrepancies")}</h2>
      {discrepancies.length > 0 ? (
        <Findings findings={discrepancies} named={false} />
      ) : (
        <p class="muted">{say("study.no_discrepancies")}</p>
      )}
      <h2>{say("study.sources")}</h2>
      <ol class="sources small">
        {sources.map((source) => (
          <li key={source.key}>{source.shown}</li>
        ))}
      </ol>
    </article>
  );
}

function Outcomes({ rows, label }: { rows: readonly Reported[]; label: string }) {
  const say = useTexts(texts);
  const { language } = usePage();
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">{say("study.outcome")}</th>
            <th scope="col">{say("study.arm")}</th>
            <th scope="col">{say("study.value")}</th>
            <th scope="col">{say("study.source")}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => {
            const isRatio = row.comparator !== "" && /ratio/.test(row.measure);
            return (
              <tr key={index}>
                <th scope="row">
                  {row.endpoint}
                  <small>
                    {row.measure}
                    {row.months !== null && `, ${say("study.at", { months: row.months })}`}
                  </small>
                </th>
                <td>{row.comparator ? say("study.versus", { arm: row.arm, comparator: row.comparator }) : row.arm}</td>
                <td class="ratio">
                  {isRatio && row.value !== null && <MiniInterval value={row.value} low={row.low} high={row.high} />}
                  <span>
                    {row.low === null || row.high === null
                      ? number(row.value, isRatio ? 2 : 1)
                      : estimate(row.value, row.low, row.high, isRatio ? 2 : 1, language)}
                  </span>
                </td>
                <td class="small muted">
                  {row.source}
                  {row.place && <small>{row.place}</small>}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
