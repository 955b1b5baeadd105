/** A job of the server: its progress as it goes, and the ways to stop, continue and open it. */

import { useEffect, useRef, useState } from "preact/hooks";
import { address, ApiError, asApiError, get, post, remove, useResource } from "../api";
import { count, duration } from "../language/format";
import { usePage, useTexts } from "../state";
import { RequestFailure } from "./failure";
import { Link } from "./link";
import texts from "./texts";

export type JobState = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";
export type Job = {
  readonly id: string;
  readonly verb: string;
  readonly arguments: { readonly name?: string; readonly has_text?: boolean };
  readonly state: JobState;
  /** Seconds since 1970. */
  readonly created: number;
  readonly progress?: {
    readonly label?: string | null;
    readonly done?: number | null;
    readonly total?: number | null;
    readonly seconds_left?: number | null;
  } | null;
  readonly error?: { readonly message: string; readonly findings?: readonly string[] } | null;
  readonly can_resume?: boolean;
};

const STATES = new Set<string>(["queued", "running", "done", "failed", "cancelled", "interrupted"]);
/** States in which nothing happens any more unless the reader asks. */
const ENDED = new Set<JobState>(["done", "failed", "cancelled", "interrupted"]);
const AGAIN = 1500;

export function isActive(job: Job): boolean {
  return !ENDED.has(job.state);
}

/** Follow a job by server-sent events; a lost connection, or a server that starts anew, is tried again. */
export function useJob(id: string | null, round = 0): { readonly job: Job | null; readonly error: ApiError | null } {
  const { language } = usePage();
  const [job, setJob] = useState<Job | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    setJob(null);
    setError(null);
    if (id === null) return;
    let source: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let open = true;
    const seen = (next: Job) => {
      if (!open || !STATES.has(next.state)) return;
      setJob(next);
      setError(null);
      if (!isActive(next)) close();
    };
    const close = () => {
      source?.close();
      source = null;
    };
    const listen = () => {
      if (!open) return;
      source = new EventSource(address(`/jobs/${encodeURIComponent(id)}/events`, { lang: language }));
      source.addEventListener("job", (event) => seen(JSON.parse((event as MessageEvent<string>).data) as Job));
      source.onerror = () => {
        close();
        if (!open) return;
        // the stream ends with the job, and also when the server stops: ask which it was
        get<Job>(`/jobs/${encodeURIComponent(id)}`, { lang: language }).then(
          (next) => {
            seen(next);
            if (open && isActive(next)) timer = setTimeout(listen, AGAIN);
          },
          (cause: unknown) => {
            if (!open) return;
            const failure = asApiError(cause);
            setError(failure);
            if (failure.status !== 404) timer = setTimeout(listen, AGAIN);
          },
        );
      };
    };
    listen();
    return () => {
      open = false;
      clearTimeout(timer);
      close();
    };
  }, [id, language, round]);
  return { job, error };
}

type Properties = {
  readonly id: string;
  /** Called once when the job has ended well. */
  readonly finished?: (job: Job) => void;
  readonly children?: (job: Job) => preact.ComponentChildren;
};

export function JobPanel({ id, finished, children }: Properties) {
  const [round, setRound] = useState(0);
  const { job, error } = useJob(id, round);
  const told = useRef<string | null>(null);
  useEffect(() => {
    if (job?.state !== "done" || told.current === job.id) return;
    told.current = job.id;
    finished?.(job);
  }, [job, finished]);
  return (
    <div class="panel job">
      {error && <RequestFailure error={error} />}
      {job && <JobLine job={job} again={() => setRound(round + 1)} />}
      {job?.state === "done" && children?.(job)}
    </div>
  );
}

/** One job in a line: what it is, how far it is, and what can be done with it. */
export function JobLine({ job, again }: { job: Job; again: () => void }) {
  const say = useTexts(texts);
  const { language } = usePage();
  const [failure, setFailure] = useState<ApiError | null>(null);
  const [asked, setAsked] = useState(false);
  useEffect(() => setAsked(false), [job.state]);
  const act = (request: Promise<unknown>) => {
    setAsked(true);
    setFailure(null);
    request.then(again, (cause: unknown) => {
      setAsked(false);
      setFailure(asApiError(cause));
    });
  };
  const path = `/jobs/${encodeURIComponent(job.id)}`;
  const { progress } = job;
  const title = say("job.title", { verb: job.verb, name: job.arguments.name ?? say("job.own_document") });
  return (
    <div class="job-line">
      <div class="row">
        <b>{title}</b>
        <span class={`state ${job.state}`} role="status">
          {say(`job.${job.state}`)}
          {job.state === "running" && progress?.label ? `: ${progress.label}` : ""}
        </span>
        <span class="space" />
        {isActive(job) && (
          <button type="button" disabled={asked} onClick={() => act(remove(path))}>
            {say("job.cancel")}
          </button>
        )}
        {job.can_resume && (
          <button type="button" disabled={asked} onClick={() => act(post(`${path}/resume`, {}))}>
            {say("job.resume")}
          </button>
        )}
      </div>
      {job.state === "running" && (
        <>
          <progress
            aria-label={say("job.progress", { title })}
            max={progress?.total ?? undefined}
            value={progress?.total ? (progress.done ?? 0) : undefined}
          />
          {progress?.total ? (
            <p class="note">
              {say("job.of", { done: count(progress.done), total: count(progress.total) })}
              {progress.seconds_left !== null &&
                progress.seconds_left !== undefined &&
                ` · ${say("job.left", { time: duration(progress.seconds_left, language) })}`}
            </p>
          ) : null}
        </>
      )}
      {job.error && <p class="warning">{[job.error.message, ...(job.error.findings ?? [])].join("\n")}</p>}
      {failure && <RequestFailure error={failure} />}
    </div>
  );
}

/** The way to what a finished job gave: a run by its id, or the answer of a question. */
export function JobResultLink({ job }: { job: Job }) {
  const say = useTexts(texts);
  const result = useResource<{ run?: string }>(job.verb === "run" ? `/jobs/${job.id}/result` : null);
  const path =
    job.verb === "run"
      ? result.value?.run && `/runs/${encodeURIComponent(result.value.run)}`
      : job.verb === "pool"
        ? null
        : `/questions/${encodeURIComponent(job.verb)}/${encodeURIComponent(job.arguments.name ?? "own")}`;
  if (!path) return null;
  return (
    <Link class="button" path={path} changes={job.verb === "run" ? {} : { job: job.id }}>
      {say("job.open")}
    </Link>
  );
}
