/** The open questions of the review: their documents, and the answer to one of them. */

import { useState } from "preact/hooks";
import { address as apiAddress, asApiError, post, useResource, type ApiError } from "../api";
import { Copy } from "../parts/copy";
import { Failure, RequestFailure } from "../parts/failure";
import { isActive, JobPanel, type Job } from "../parts/job";
import { Link } from "../parts/link";
import { Report, type ReportContent } from "../parts/report";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import type { ViewProperties } from "../views";
import "./questions.css";
import texts from "./texts";
import { answering, asked, isVerb, VERBS, type Verb } from "./verbs";

type Document = { readonly id: string; readonly title: string; readonly asks: string };
type Questions = { readonly verbs: readonly { readonly verb: string; readonly documents: readonly Document[] }[] };
type Jobs = { readonly jobs: readonly Job[] };

export default function QuestionsView({ places }: ViewProperties) {
  const say = useTexts(texts);
  if (places.verb === undefined) return <List />;
  if (!isVerb(places.verb)) return <Failure message={say("questions.unknown")} />;
  if (places.name === undefined) return <List only={places.verb} />;
  return <Answer verb={places.verb} name={places.name} key={`${places.verb} ${places.name}`} />;
}

function List({ only }: { only?: Verb }) {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language } = usePage();
  const questions = useResource<Questions>("/questions", { lang: language });
  const jobs = useResource<Jobs>("/jobs", { lang: language });
  const error = questions.error ?? jobs.error;
  if (error) return <RequestFailure error={error} />;
  if (questions.value === null || jobs.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const documentsOf = (verb: Verb) => questions.value!.verbs.find((one) => one.verb === verb)?.documents;
  const shown = VERBS.filter((verb) => (only ? verb === only : documentsOf(verb) !== undefined));
  return (
    <article class="questions">
      <h1>{say("questions.title")}</h1>
      <p class="lead">{say("questions.lead")}</p>
      <div class="verbs">
        {shown.map((verb) => {
          const documents = documentsOf(verb) ?? [];
          return (
            <section class="panel" key={verb}>
              <h2>{say(`questions.${verb}`)}</h2>
              <p class="note">
                <code>normoxia {verb}</code>
              </p>
              {documents.length === 0 && <p class="muted">{say("questions.none")}</p>}
              <ul>
                {documents.map((document) => {
                  const job = answering(jobs.value!.jobs, verb, document.id);
                  return (
                    <li key={document.id}>
                      <Link path={`/questions/${verb}/${encodeURIComponent(document.id)}`}>{document.title}</Link>
                      {document.asks && <small>{document.asks}</small>}
                      {job && (job.state === "done" || isActive(job)) && (
                        <span class="state">
                          {say(job.state === "done" ? "questions.answered" : "questions.in_work")}
                        </span>
                      )}
                    </li>
                  );
                })}
              </ul>
            </section>
          );
        })}
        {!only && (
          <section class="panel">
            <h2>{say("questions.pool")}</h2>
            <p class="note">
              <code>normoxia pool</code>
            </p>
            <ul>
              <li>
                <Link path="/evidence">{say("questions.to_evidence")}</Link>
              </li>
            </ul>
          </section>
        )}
      </div>
    </article>
  );
}

type Result = { readonly answer?: string | null; readonly page: ReportContent };

function Answer({ verb, name }: { verb: Verb; name: string }) {
  const say = useTexts(texts);
  const { address, language, set } = usePage();
  const questions = useResource<Questions>("/questions", { lang: language });
  const jobs = useResource<Jobs>("/jobs", { lang: language });
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const known = jobs.value?.jobs ?? [];
  const job = known.find(({ id }) => id === address.query.job) ?? answering(known, verb, name);
  const done = job?.state === "done";
  const document = questions.value?.verbs
    .find((one) => one.verb === verb)
    ?.documents.find(({ id }) => id === name);
  const title = document?.title ?? name;
  const ask = () => {
    setBusy(true);
    setError(null);
    post<Job>("/jobs", { verb, arguments: { name, lang: language } })
      .then(
        ({ id }) => {
          set({ job: id, section: null }, true);
          jobs.reload();
        },
        (cause: unknown) => setError(asApiError(cause)),
      )
      .finally(() => setBusy(false));
  };
  return (
    <article class="run">
      <p class="small unprinted">
        <Link path="/questions">← {say("questions.back")}</Link> · {say(`questions.${verb}`)}
      </p>
      <h1>{title}</h1>
      {document?.asks && <p class="lead">{document.asks}</p>}
      {jobs.error && <RequestFailure error={jobs.error} retry={jobs.reload} />}
      {error && <RequestFailure error={error} />}
      {jobs.value && job === null && (
        <div class="panel">
          <p>{say("questions.unanswered")}</p>
          <button type="button" class="main" disabled={busy} onClick={ask}>
            {say("questions.ask")}
          </button>
        </div>
      )}
      {job && !done && <JobPanel id={job.id} finished={jobs.reload} />}
      {job && (job.state === "failed" || job.state === "cancelled") && (
        <p>
          <button type="button" disabled={busy} onClick={ask}>
            {say("questions.again")}
          </button>
        </p>
      )}
      {job && done && <Finished job={job} again={ask} busy={busy} />}
      <Copy copy={asked(verb, name)} />
    </article>
  );
}

function Finished({ job, again, busy }: { job: Job; again: () => void; busy: boolean }) {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { language } = usePage();
  const path = `/jobs/${encodeURIComponent(job.id)}`;
  const result = useResource<Result>(`${path}/result`, { lang: language });
  if (result.error) return <RequestFailure error={result.error} retry={result.reload} />;
  if (result.value === null) return <p class="waiting">{sayFrame("frame.loading")}</p>;
  const { answer, page } = result.value;
  return (
    <>
      <p class="answer" aria-label={say("questions.answer")}>
        {answer ?? page.lead}
      </p>
      <Report report={page} path={path}>
        <p class="note unprinted">
          <a href={apiAddress(`${path}/report`)}>{say("questions.report")}</a>{" "}
          <button type="button" disabled={busy} onClick={again}>
            {say("questions.again")}
          </button>
        </p>
      </Report>
    </>
  );
}
