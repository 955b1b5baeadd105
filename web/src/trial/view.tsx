/** The trial builder: a form that writes a protocol, checked as it is typed, and the start of its run. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { asApiError, post, useResource, type ApiError, type Finding } from "../api";
import { count, duration } from "../language/format";
import { Failure, RequestFailure } from "../parts/failure";
import { JobPanel, JobResultLink } from "../parts/job";
import { usePage, useTexts } from "../state";
import { BEGINNING, packed, protocol, unpacked, type Draft } from "./draft";
import { Form, type Library } from "./form";
import { Timeline, type ArmSchedule } from "./timeline";
import { TableOne, type TableOneRow } from "./table_one";
import texts from "./texts";
import "./trial.css";

type Preview = {
  readonly arms: readonly ArmSchedule[];
  readonly table_one: readonly TableOneRow[];
  readonly estimate: { readonly seconds: number; readonly patients: number };
};
type Checked = { readonly text: string; readonly findings: readonly Finding[] };

/** Repeats of a trial: as the command line takes without being asked, and the bounds of the server. */
const USUAL = 20;
const FEWEST = 8;
const MOST = 200;
const CHECK_AFTER = 250;
const KEEP_AFTER = 400;

export default function TrialView() {
  const say = useTexts(texts);
  const { address, language, set } = usePage();
  const { query } = address;
  const [draft, setDraft] = useState<Draft>(() => unpacked(query.draft ?? "") ?? BEGINNING);
  const [free, setFree] = useState<string | null>(query.text ?? null);
  const [replicates, setReplicates] = useState(() => bounded(Number(query.replicates ?? USUAL), FEWEST, MOST));
  const library = useResource<Library>("/builder", { lang: language });
  const catalogue = useResource<{ trials: readonly { id: string; title: string }[] }>("/catalogue", { lang: language });
  const written = useMemo(() => protocol(draft), [draft]);
  const text = free ?? written;

  // the address follows a little later: it must not be written for every key
  useEffect(() => {
    const timer = setTimeout(() => {
      const kept = packed(draft);
      set({
        draft: free === null && kept !== packed(BEGINNING) ? kept : null,
        text: free,
        replicates: replicates === USUAL ? null : String(replicates),
      });
    }, KEEP_AFTER);
    return () => clearTimeout(timer);
  }, [draft, free, replicates, set]);

  const checked = useChecked(text);
  const ready = checked.value?.text === text && checked.value.findings.every(isNote);
  const preview = usePreview(text, replicates, ready);
  const findings = checked.value?.findings ?? [];

  const begin = async (id: string) => {
    if (id === "") {
      setFree(null);
      return;
    }
    const response = await fetch(`/api/trials/${encodeURIComponent(id)}?lang=${language}`);
    if (response.ok) setFree(((await response.json()) as { document: string }).document);
  };
  return (
    <article class="builder">
      <header>
        <h1>{say("trial.title")}</h1>
        <p class="lead">{say("trial.lead")}</p>
        <div class="begin">
          <label for="begin">{say("trial.begin")}</label>
          <select id="begin" value="" onChange={(event) => void begin(event.currentTarget.value)}>
            <option value="">{say("trial.begin.form")}</option>
            {catalogue.value?.trials.map((trial) => (
              <option key={trial.id} value={trial.id}>
                {trial.title}
              </option>
            ))}
          </select>
        </div>
      </header>
      <div class="sides">
        <div class="left">
          {free === null ? (
            <>
              {library.error && <RequestFailure error={library.error} retry={library.reload} />}
              <Form draft={draft} change={setDraft} library={library.value} findings={findings} />
              <details class="panel">
                <summary>{say("trial.text")}</summary>
                <pre class="text" tabIndex={0}>
                  {written}
                </pre>
                <button type="button" onClick={() => setFree(written)}>
                  {say("trial.text.edit")}
                </button>
              </details>
            </>
          ) : (
            <section class="panel">
              <div class="row">
                <h2>{say("trial.text")}</h2>
                <button type="button" onClick={() => setFree(null)}>
                  {say("trial.text.discard")}
                </button>
              </div>
              <p class="note">{say("trial.text.free")}</p>
              <textarea
                class="text"
                aria-label={say("trial.text")}
                rows={28}
                spellcheck={false}
                value={free}
                onInput={(event) => setFree(event.currentTarget.value)}
              />
            </section>
          )}
        </div>
        <div class="right">
          <Checks checked={checked.value} busy={checked.value?.text !== text} error={checked.error} />
          <Start
            text={text}
            ready={ready}
            replicates={replicates}
            setReplicates={setReplicates}
            preview={preview.value}
          />
          {preview.error && <RequestFailure error={preview.error} />}
          {preview.stale && !preview.error && preview.value === null && ready && (
            <p class="panel muted">{say("trial.preview")}</p>
          )}
          {preview.value && (
            <div class={preview.stale ? "aside stale" : "aside"}>
              <Timeline arms={preview.value.arms} />
              <TableOne rows={preview.value.table_one} />
            </div>
          )}
        </div>
      </div>
    </article>
  );
}

function isNote(finding: Finding): boolean {
  return finding.severity !== undefined && finding.severity !== "error";
}

function bounded(value: number, low: number, high: number): number {
  return Number.isFinite(value) ? Math.min(high, Math.max(low, Math.round(value))) : low;
}

/** The findings of a text, asked for when typing pauses. */
function useChecked(text: string): { readonly value: Checked | null; readonly error: ApiError | null } {
  const { language } = usePage();
  const [value, setValue] = useState<Checked | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    const control = new AbortController();
    const timer = setTimeout(() => {
      post<{ findings: readonly Finding[] }>("/check", { text, lang: language }, {}, control.signal).then(
        ({ findings }) => {
          setValue({ text, findings });
          setError(null);
        },
        (cause: unknown) => !control.signal.aborted && setError(asApiError(cause)),
      );
    }, CHECK_AFTER);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text, language]);
  return { value, error };
}

/** Schedule, table 1 and time of a text that has passed its checks. */
function usePreview(text: string, replicates: number, ready: boolean) {
  const { language } = usePage();
  const [shown, setShown] = useState<{ text: string; value: Preview } | null>(null);
  const [error, setError] = useState<ApiError | null>(null);
  useEffect(() => {
    if (!ready) return;
    const control = new AbortController();
    post<Preview>("/preview", { text, replicates, lang: language }, {}, control.signal).then(
      (value) => {
        setShown({ text, value });
        setError(null);
      },
      (cause: unknown) => !control.signal.aborted && setError(asApiError(cause)),
    );
    return () => control.abort();
  }, [text, replicates, ready, language]);
  return { value: shown?.value ?? null, stale: shown?.text !== text, error };
}

function Checks({ checked, busy, error }: { checked: Checked | null; busy: boolean; error: ApiError | null }) {
  const say = useTexts(texts);
  const findings = checked?.findings ?? [];
  return (
    <section class="panel checks" aria-live="polite">
      <h2>{say("trial.check")}</h2>
      {error && <RequestFailure error={error} />}
      {busy && !error ? (
        <p class="muted">{say("trial.check.busy")}</p>
      ) : findings.length === 0 ? (
        !error && <p class="fine">{say("trial.check.fine")}</p>
      ) : (
        <Failure message={say("trial.check.found", { n: findings.length })} findings={findings} />
      )}
    </section>
  );
}

type StartProperties = {
  readonly text: string;
  readonly ready: boolean;
  readonly replicates: number;
  readonly setReplicates: (replicates: number) => void;
  readonly preview: Preview | null;
};

function Start({ text, ready, replicates, setReplicates, preview }: StartProperties) {
  const say = useTexts(texts);
  const { address, language, set } = usePage();
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const job = address.query.job;
  if (job)
    return (
      <JobPanel id={job}>
        {(done) => (
          <p class="row">
            <JobResultLink job={done} />
            <button type="button" onClick={() => set({ job: null }, true)}>
              {say("trial.another")}
            </button>
          </p>
        )}
      </JobPanel>
    );
  const start = () => {
    setAsked(true);
    setError(null);
    post<{ id: string }>("/jobs", { verb: "run", arguments: { text, replicates, lang: language } }).then(
      ({ id }) => {
        setAsked(false);
        set({ job: id }, true);
      },
      (cause: unknown) => {
        setAsked(false);
        setError(asApiError(cause));
      },
    );
  };
  return (
    <section class="panel start">
      <div class="row">
        <div>
          <label for="replicates">{say("trial.replicates")}</label>
          <input
            id="replicates"
            type="number"
            min={FEWEST}
            max={MOST}
            value={replicates}
            onChange={(event) => setReplicates(bounded(Number(event.currentTarget.value), FEWEST, MOST))}
          />
        </div>
        <p class="small muted" aria-live="polite">
          {preview && (
            <>
              {say("trial.estimate", {
                patients: count(preview.estimate.patients),
                replicates,
                time: duration(preview.estimate.seconds, language),
              })}
            </>
          )}
        </p>
        <button type="button" class="main" disabled={!ready || asked} onClick={start}>
          {say("trial.start")}
        </button>
      </div>
      {error && <RequestFailure error={error} />}
    </section>
  );
}
