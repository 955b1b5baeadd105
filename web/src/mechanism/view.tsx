/** The mechanism view: a trial's regimens on the causal map, played over time. Everything chosen is in the address. */

import "./style.css";
import { useEffect, useMemo, useState } from "preact/hooks";
import { asApiError, post, useResource, type ApiError } from "../api";
import { RequestFailure } from "../parts/failure";
import { useMedia, usePage, useTexts } from "../state";
import { Card } from "./card";
import { CausalMap, type Chosen } from "./map";
import { NARROW, WIDE } from "./plate";
import { Legend, Player } from "./player";
import texts from "./texts";
import type { MapContent, Play } from "./types";

type Named = { readonly id: string; readonly title: string };

const FIRST_TRIAL = "impower150";
const FIRST_DAY = 42;
const PATIENTS = 40;

export default function View() {
  const { address, language, set } = usePage();
  const say = useTexts(texts) as (key: string, values?: Record<string, string | number>) => string;
  const { query } = address;
  const trial = query.trial ?? FIRST_TRIAL;
  const patient = query.patient ? Number(query.patient) : null;
  const ablated = useMemo(() => (query.without ?? "").split(",").filter(Boolean), [query.without]);
  const map = useResource<MapContent>("/mechanism", { lang: language });
  const catalogue = useResource<{ trials: readonly Named[] }>("/catalogue", { lang: language });
  const arms = [query.arm, query.arm && query.beside].filter((id): id is string => !!id);
  const played = usePlay({ trial, arms, patient, ablate: ablated }, language);
  const narrow = useMedia("(max-width: 46rem)");
  const last = played.value?.days[played.value.days.length - 1] ?? 364;
  const [day, setDay] = useDay(query.day, last, (value) => set({ day: String(Math.round(value)) }));
  const [pointed, setPointed] = useState<Chosen>(null);
  const chosen = readChosen(query.open);
  const choose = (next: Chosen) => set({ open: next === null ? null : `${next.kind}:${next.id}` });
  const statedOnly = query.arrows === "review";

  if (map.error) return <RequestFailure error={map.error} retry={map.reload} />;
  if (map.value === null) return <p class="waiting">{say("map.loading")}</p>;
  const content = map.value;
  const play = played.value;
  const shownArms = play?.arms ?? [{ id: "", title: "" }];
  const choices = play?.trial === trial ? play.choices : [];
  const arm = query.arm ?? play?.arms[0]?.id ?? "";
  const plate = narrow || shownArms.length > 1 ? NARROW : WIDE;
  return (
    <div class="causal">
      <h1>{say("map.title")}</h1>
      <p class="lead">{say("map.lead")}</p>
      <form class="chooser unprinted" onSubmit={(event) => event.preventDefault()}>
        <Choice
          name="trial"
          label={say("map.trial")}
          value={trial}
          options={withCurrent(catalogue.value?.trials ?? [], trial)}
          onChange={(value) => set({ trial: value, arm: null, beside: null, patient: null }, true)}
        />
        <Choice
          name="arm"
          label={say("map.arm")}
          value={arm}
          options={choices}
          onChange={(value) => set({ arm: value, beside: value === query.beside ? null : query.beside })}
        />
        <Choice
          name="beside"
          label={say("map.beside")}
          value={query.beside ?? ""}
          options={[
            { id: "", title: say("map.beside_none") },
            ...choices.filter((one) => one.id !== arm),
          ]}
          onChange={(value) => set({ arm, beside: value })}
        />
        <Choice
          name="patient"
          label={say("map.patient")}
          value={patient === null ? "" : String(patient)}
          options={[
            { id: "", title: say("map.median", { n: play?.patients.length ?? PATIENTS }) },
            ...(play?.patients ?? []).map((one) => ({ id: String(one.id), title: say("map.patient_one", one) })),
          ]}
          onChange={(value) => set({ patient: value })}
        />
      </form>
      {played.error && <RequestFailure error={played.error} retry={played.reload} />}
      <div class="stage">
        <div>
          <div class={played.loading ? "plates busy" : "plates"} aria-busy={played.loading}>
            {shownArms.map((one) => (
              <figure class="sheet" key={one.id}>
                <figcaption>
                  {one.title}{" "}
                  {ablated.length > 0 && <span>· {say("map.ablated_now", { tags: ablated.join(", ") })}</span>}
                </figcaption>
                <CausalMap
                  map={content}
                  plate={plate}
                  days={play?.days ?? [0]}
                  day={day}
                  states={(play?.without ?? play?.states)?.[one.id] ?? null}
                  base={play?.states[one.id] ?? null}
                  ablated={ablated}
                  statedOnly={statedOnly}
                  chosen={chosen}
                  pointed={pointed}
                  onChoose={choose}
                  onPoint={setPointed}
                  label={say("map.label", { arm: one.title, day: Math.round(day) })}
                  say={say}
                />
              </figure>
            ))}
          </div>
          <Player day={day} last={last} onDay={setDay} say={say} />
          <Legend say={say} statedOnly={statedOnly} onStated={(on) => set({ arrows: on ? "review" : null })} />
          <p class="note">
            {content.note}
            {play && Math.max(...play.failed) > 0 && ` ${say("map.failed", { n: Math.max(...play.failed) })}`}
          </p>
        </div>
        <Card
          map={content}
          play={play}
          arm={arm}
          day={day}
          chosen={pointed?.kind === "node" && chosen === null ? pointed : chosen}
          ablated={ablated}
          onChoose={choose}
          onAblate={(tags) => set({ without: tags.join(",") })}
          say={say}
        />
      </div>
      <section class="statements">
        <h2>{say("map.statements")}</h2>
        <ol>
          {content.statements.map((statement) => {
            const arrow = content.arrows.find((one) => one.statements.includes(statement.tag));
            return (
              <li key={statement.tag}>
                <button
                  type="button"
                  aria-pressed={chosen?.id === arrow?.id}
                  onClick={() => arrow && choose({ kind: "arrow", id: arrow.id })}
                  onMouseEnter={() => arrow && setPointed({ kind: "arrow", id: arrow.id })}
                  onMouseLeave={() => setPointed(null)}
                >
                  <b>{statement.tag}</b>
                  <span>{statement.says}</span>
                </button>
              </li>
            );
          })}
        </ol>
      </section>
    </div>
  );
}

type ChoiceProperties = {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly options: readonly Named[];
  readonly onChange: (value: string) => void;
};

function Choice({ name, label, value, options, onChange }: ChoiceProperties) {
  return (
    <div>
      <label for={`mechanism-${name}`}>{label}</label>
      <select id={`mechanism-${name}`} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {options.map((option) => (
          <option value={option.id} key={option.id} selected={option.id === value}>
            {option.title}
          </option>
        ))}
      </select>
    </div>
  );
}

function withCurrent(options: readonly Named[], current: string): readonly Named[] {
  return options.some((one) => one.id === current) ? options : [{ id: current, title: current }, ...options];
}

function readChosen(text: string | undefined): Chosen {
  const found = /^(node|arrow):([\w-]+)$/.exec(text ?? "");
  return found ? { kind: found[1] as "node" | "arrow", id: found[2]! } : null;
}

/** The day shown: quick while time runs, and written to the address once it rests. */
function useDay(written: string | undefined, last: number, write: (day: number) => void) {
  const [day, setDay] = useState(() => Math.max(0, Number(written ?? FIRST_DAY) || 0));
  useEffect(() => {
    const rest = setTimeout(() => {
      if (Math.round(day) !== Number(written ?? FIRST_DAY)) write(day);
    }, 400);
    return () => clearTimeout(rest);
  }, [day]);
  return [Math.min(day, last), setDay] as const;
}

type Asked = {
  readonly trial: string;
  readonly arms: readonly string[];
  readonly patient: number | null;
  readonly ablate: readonly string[];
};

const kept = new Map<string, Play>();

function usePlay(asked: Asked, lang: string) {
  const key = JSON.stringify([asked, lang]);
  const [round, setRound] = useState(0);
  const [state, setState] = useState<{ key: string | null; value: Play | null; error: ApiError | null }>({
    key: null,
    value: null,
    error: null,
  });
  useEffect(() => {
    const before = kept.get(key);
    if (before) {
      setState({ key, value: before, error: null });
      return;
    }
    const control = new AbortController();
    post<Play>("/mechanism/play", { ...asked, patients: PATIENTS }, { lang }, control.signal).then(
      (value) => {
        kept.set(key, value);
        setState({ key, value, error: null });
      },
      (cause: unknown) => {
        if (!control.signal.aborted) setState((old) => ({ key, value: old.value, error: asApiError(cause) }));
      },
    );
    return () => control.abort();
  }, [key, round]);
  return {
    value: state.value,
    error: state.key === key ? state.error : null,
    loading: state.key !== key,
    reload: () => setRound(round + 1),
  };
}
