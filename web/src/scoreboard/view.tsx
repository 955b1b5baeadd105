/** How trials left out of the calibration were predicted, and forecasts stored before results were known. */

import { useResource } from "../api";
import { estimate, NO_VALUE, number } from "../language/format";
import { RequestFailure } from "../parts/failure";
import { Report, type ReportContent } from "../parts/report";
import { Table } from "../parts/table";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import { ratioRows, type ForecastOutcome, type Forecasts } from "./forecasts";
import texts from "./texts";

const TABS = ["validation", "forecasts"] as const;

export default function ScoreboardView() {
  const say = useTexts(texts);
  const { address, set } = usePage();
  const shown = address.query.show === "forecasts" ? "forecasts" : "validation";
  return (
    <article class="run">
      <div class="segments unprinted" role="group" aria-label={say("scoreboard.tabs")}>
        {TABS.map((tab) => (
          <button
            type="button"
            key={tab}
            aria-pressed={tab === shown}
            onClick={() => set({ show: tab === "validation" ? null : tab, section: null, design: null }, true)}
          >
            {say(`scoreboard.${tab}`)}
          </button>
        ))}
      </div>
      {shown === "validation" ? <Validation /> : <ForecastList />}
    </article>
  );
}

function Validation() {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language } = usePage();
  const board = useResource<{ page: ReportContent }>("/scoreboard", { lang: language });
  const about = useResource<{
    credibility: { text: string; questions: readonly { id: string; title: string; text: string; standing: string }[] };
  }>("/about", { lang: language });
  return (
    <>
      <h1>{board.value?.page.title ?? say("scoreboard.title")}</h1>
      {board.value && <p class="lead">{board.value.page.lead}</p>}
      {about.value && (
        <section class="panel">
          <h2>{say("scoreboard.standing")}</h2>
          <p>{about.value.credibility.text}</p>
          <ul class="standings">
            {about.value.credibility.questions.map((question) => (
              <li key={question.id}>
                <b>{question.title}</b>{" "}
                <span class={`tone ${question.standing === "met" ? "good" : "bad"}`}>{question.text}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {board.error && <RequestFailure error={board.error} retry={board.reload} />}
      {board.loading && board.value === null && <p class="waiting">{sayFrame("frame.loading")}</p>}
      {board.value && <Report report={board.value.page} path="/scoreboard" />}
    </>
  );
}

function ForecastList() {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { address, language, set } = usePage();
  const forecasts = useResource<Forecasts>("/forecasts", { lang: language });
  if (forecasts.error) return <RequestFailure error={forecasts.error} retry={forecasts.reload} />;
  if (forecasts.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const { value } = forecasts;
  const words = (outcome: ForecastOutcome | null) =>
    outcome === null
      ? NO_VALUE
      : estimate(outcome.value, outcome.interval?.[0], outcome.interval?.[1], outcome.measure === "hazard ratio" ? 2 : 1, language);
  const design = value.designs.find((one) => one.design === address.query.design);
  return (
    <>
      <h1>{say("scoreboard.forecasts.title")}</h1>
      <p class="lead">
        {say("scoreboard.made")}: {value.date}
      </p>
      <dl class="provenance">
        {value.file_digest && (
          <>
            <dt>{say("scoreboard.digest")}</dt>
            <dd>{value.file_digest}</dd>
          </>
        )}
        <dt>{say("scoreboard.ensemble")}</dt>
        <dd>{value.ensemble_sha256}</dd>
      </dl>
      {design && (
        <div class="panel">
          <Table
            table={{
              title: design.design,
              columns: [
                say("scoreboard.quantity"),
                say("scoreboard.month"),
                say("scoreboard.arm"),
                say("scoreboard.predicted"),
                say("scoreboard.by"),
              ],
              rows: design.outcomes.map((one) => [
                `${one.endpoint}, ${one.measure}`,
                one.months === null ? "" : number(one.months, 0),
                one.comparator ? `${one.arm} / ${one.comparator}` : one.arm,
                words(one),
                say(one.origin === "simulated" ? "scoreboard.by.mechanism" : "scoreboard.by.combined"),
              ]),
              note: [`SHA-256 ${design.sha256}`, ...design.limits].join(" · "),
            }}
          />
        </div>
      )}
      <div class="panel scroll" tabIndex={0} role="region" aria-label={say("scoreboard.forecasts.title")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("scoreboard.trial")}</th>
              <th scope="col">{say("scoreboard.comparison")}</th>
              <th scope="col">{say("scoreboard.pfs")}</th>
              <th scope="col">{say("scoreboard.os")}</th>
              <th scope="col">SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {ratioRows(value.designs).map((row) => (
              <tr key={`${row.design} ${row.arm} ${row.comparator}`}>
                <th scope="row">
                  <button
                    type="button"
                    class="plain"
                    aria-expanded={design?.design === row.design}
                    onClick={() => {
                      set({ design: design?.design === row.design ? null : row.design }, true);
                      window.scrollTo({ top: 0 });
                    }}
                  >
                    {row.design}
                  </button>
                </th>
                <td>{row.arm ? `${row.arm} / ${row.comparator}` : NO_VALUE}</td>
                <td>{words(row.pfs)}</td>
                <td>{words(row.os)}</td>
                <td>
                  <code title={row.sha256}>{row.sha256.slice(0, 12)}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
        <p class="note">{say("scoreboard.note")}</p>
      </div>
    </>
  );
}
