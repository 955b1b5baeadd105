/** Jobs that run now, past runs, and the choice of those to compare. */

import { useEffect, useState } from "preact/hooks";
import { forget, useResource } from "../api";
import { count, duration, moment } from "../language/format";
import { RequestFailure } from "../parts/failure";
import { isActive, JobLine, JobResultLink, type Job } from "../parts/job";
import { Link } from "../parts/link";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import { Comparison } from "./comparison";
import "./runs.css";
import texts from "./texts";

export type PastRun = {
  readonly id: string;
  readonly name: string;
  readonly trial: string;
  readonly state: "finished" | "unfinished" | "damaged" | "missing";
  readonly started: string;
  readonly patients: number;
  readonly replicates: number;
  readonly wall_seconds?: number | null;
};

export default function RunsView() {
  const { address } = usePage();
  const compared = (address.query.compare ?? "").split(",").filter(Boolean);
  return compared.length > 1 ? <Comparison ids={compared} /> : <List />;
}

function List() {
  const say = useTexts(texts);
  return (
    <article class="runs">
      <h1>{say("runs.title")}</h1>
      <p class="lead">{say("runs.lead")}</p>
      <Jobs />
      <Past />
    </article>
  );
}

const EVERY = 1500;

function Jobs() {
  const say = useTexts(texts);
  const { language } = usePage();
  const jobs = useResource<{ jobs: readonly Job[] }>("/jobs", { lang: language });
  const active = jobs.value?.jobs.some(isActive) ?? false;
  const { reload } = jobs;
  useEffect(() => {
    if (!active) return;
    const timer = setTimeout(reload, EVERY);
    return () => clearTimeout(timer);
  });
  useEffect(() => forget("/api/runs"), [active]);
  return (
    <section>
      <h2>{say("runs.jobs")}</h2>
      {jobs.error && <RequestFailure error={jobs.error} retry={reload} />}
      {jobs.value?.jobs.length === 0 && <p class="muted">{say("runs.no_jobs")}</p>}
      <ul class="jobs">
        {jobs.value?.jobs.map((job) => (
          <li class="panel" key={job.id}>
            <JobLine job={job} again={reload} />
            {job.state === "done" && <JobResultLink job={job} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Past() {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language, open } = usePage();
  const runs = useResource<{ runs: readonly PastRun[] }>("/runs", { lang: language });
  const [chosen, setChosen] = useState<readonly string[]>([]);
  if (runs.error) return <RequestFailure error={runs.error} retry={runs.reload} />;
  if (runs.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const toggle = (id: string) =>
    setChosen(chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id]);
  return (
    <section>
      <div class="row">
        <h2>{say("runs.past")}</h2>
        <button
          type="button"
          class="main"
          disabled={chosen.length < 2}
          onClick={() => open("/runs", { compare: chosen.join(",") })}
        >
          {say("runs.compare", { n: chosen.length })}
        </button>
      </div>
      {runs.value.runs.length === 0 ? (
        <p>
          {say("runs.none")} <Link path="/trial">{say("runs.start_one")}</Link>
        </p>
      ) : (
        <div class="panel scroll" tabIndex={0} role="region" aria-label={say("runs.past")}>
          <table>
            <thead>
              <tr>
                <td />
                <th scope="col">{say("runs.trial")}</th>
                <th scope="col">{say("runs.started")}</th>
                <th scope="col" class="number">
                  {say("runs.patients")}
                </th>
                <th scope="col" class="number">
                  {say("runs.replicates")}
                </th>
                <th scope="col" class="number">
                  {say("runs.took")}
                </th>
                <th scope="col">{say("runs.state")}</th>
              </tr>
            </thead>
            <tbody>
              {runs.value.runs.map((run) => {
                const title = run.trial || run.name;
                const readable = run.state === "finished";
                return (
                  <tr key={run.id}>
                    <td>
                      <input
                        type="checkbox"
                        disabled={!readable}
                        checked={chosen.includes(run.id)}
                        aria-label={say("runs.choose", { title })}
                        onChange={() => toggle(run.id)}
                      />
                    </td>
                    <th scope="row">
                      {readable ? <Link path={`/runs/${encodeURIComponent(run.id)}`}>{title}</Link> : title}
                    </th>
                    <td>{moment(run.started)}</td>
                    <td class="number">{count(run.patients)}</td>
                    <td class="number">{count(run.replicates)}</td>
                    <td class="number">{run.wall_seconds ? duration(run.wall_seconds, language) : "–"}</td>
                    <td>{say(`runs.state.${run.state}`)}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
