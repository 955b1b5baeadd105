/** The first screen: a finished trial, and three controls that change it. */

import { useEffect, useState } from "preact/hooks";
import { asApiError, get, post, type ApiError } from "../api";
import { count, duration } from "../language/format";
import { Choice, Slider, type Option } from "../parts/choice";
import { Contrasts, type Contrast } from "../parts/contrasts";
import { Copy, type CopyTexts } from "../parts/copy";
import { RequestFailure } from "../parts/failure";
import type { FigureContent } from "../parts/figure";
import { SurvivalFigure } from "../parts/survival_figure";
import { usePage, useTexts } from "../state";
import frame from "../texts";
import "./first.css";
import texts from "./texts";

type Regimen = { readonly id: string; readonly title: string; readonly arm: string; readonly doses: readonly Option[] };

export type First = {
  readonly trial: { readonly id: string; readonly title: string };
  readonly controls: { readonly regimens: readonly Regimen[]; readonly populations: readonly Option[] };
  readonly chosen: Choices;
  readonly answer: string;
  readonly contrasts: readonly Contrast[];
  readonly warnings: readonly string[];
  readonly figures: { readonly km_pfs: FigureContent; readonly km_os: FigureContent };
  readonly run: { readonly patients: number; readonly replicates: number };
  readonly copy: CopyTexts;
  readonly cached?: boolean;
  readonly seconds?: number | null;
};

const ENDPOINTS = ["pfs", "os"] as const;
const NAMES = ["regimen", "population", "dose"] as const;
type Choices = Readonly<Record<(typeof NAMES)[number], string>>;
/** Waiting time after a change before the server is asked, ms: a slider passes several steps. */
const PAUSE = 120;

export default function FirstView() {
  const say = useTexts(texts);
  const sayFrame = useTexts(frame);
  const { address, language, theme, set } = usePage();
  const chosen = Object.fromEntries(NAMES.flatMap((name) => (address.query[name] ? [[name, address.query[name]!]] : [])));
  const changed = Object.keys(chosen).length > 0;
  const wanted = JSON.stringify([chosen, language, theme]);
  const [shown, setShown] = useState<{ wanted: string; value: First } | null>(null);
  const [failure, setFailure] = useState<{ wanted: string; error: ApiError } | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    const parameters = { lang: language, theme };
    const ask = () =>
      (changed
        ? post<First>("/first", { ...chosen, ...parameters }, {}, control.signal)
        : get<First>("/first", parameters, control.signal)
      ).then(
        (value) => {
          setShown({ wanted, value });
          setFailure(null);
        },
        (cause: unknown) => {
          if (!control.signal.aborted) setFailure({ wanted, error: asApiError(cause) });
        },
      );
    const timer = setTimeout(ask, changed ? PAUSE : 0);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
    // `wanted` holds everything that the request says
  }, [wanted, round]);
  const error = failure?.wanted === wanted ? failure.error : null;
  if (shown === null) {
    if (error) return <RequestFailure error={error} retry={() => setRound(round + 1)} />;
    return <p class="waiting">{sayFrame("frame.loading")}</p>;
  }
  const { value } = shown;
  const stale = shown.wanted !== wanted;
  const { regimens, populations } = value.controls;
  const current: Choices = { ...value.chosen, ...chosen };
  const endpoint = address.query.endpoint === "os" ? "os" : "pfs";
  const regimen = regimens.find(({ id }) => id === current.regimen);
  const choose = (changes: Partial<Choices>) => {
    const next = { ...current, ...changes };
    const doses = regimens.find(({ id }) => id === next.regimen)?.doses ?? [];
    if (!doses.some(({ id }) => id === next.dose) && doses[0]) next.dose = doses[0].id;
    set(next, true);
  };
  return (
    <article class="first">
      <header>
        <h1>{say("first.title")}</h1>
        <p class="lead" aria-live="polite">
          {value.answer}
        </p>
      </header>
      <form class="panel controls unprinted" aria-label={say("first.controls")} onSubmit={(event) => event.preventDefault()}>
        <Choice
          title={say("first.regimen")}
          options={regimens}
          value={current.regimen}
          change={(id) => choose({ regimen: id })}
        />
        <Choice
          title={say("first.population")}
          options={populations}
          value={current.population}
          change={(id) => choose({ population: id })}
        />
        <Slider
          title={say("first.dose")}
          options={regimen?.doses ?? []}
          value={current.dose}
          change={(id) => choose({ dose: id })}
        />
        <p class="state small muted" role="status">
          {stale && error === null
            ? say("first.working", { regimen: regimen?.title ?? "" })
            : [
                say("first.made", { patients: count(value.run.patients), replicates: value.run.replicates }),
                value.seconds && !value.cached ? say("first.took", { time: duration(value.seconds, language) }) : "",
              ].join(" ")}{" "}
          {changed && (
            <button type="button" onClick={() => set({ regimen: null, population: null, dose: null }, true)}>
              {say("first.reset")}
            </button>
          )}
        </p>
      </form>
      {error && <RequestFailure error={error} retry={() => setRound(round + 1)} />}
      <div class="curves">
        <div class="segments unprinted" role="group" aria-label={say("first.endpoint")}>
          {ENDPOINTS.map((each) => (
            <button
              type="button"
              key={each}
              aria-pressed={each === endpoint}
              onClick={() => set({ endpoint: each === "pfs" ? null : each }, true)}
            >
              {say(`first.${each}`)}
            </button>
          ))}
        </div>
        {ENDPOINTS.map((each) => (
          <div key={each} class={each === endpoint ? undefined : "unshown"}>
            <SurvivalFigure figure={value.figures[`km_${each}`]} name={`km-${each}`} title={say(`first.${each}`)} stale={stale} />
          </div>
        ))}
      </div>
      <div class="notes">
        {value.warnings.map((note) => (
          <p class="note" key={note}>
            {note}
          </p>
        ))}
      </div>
      <Contrasts contrasts={value.contrasts} stale={stale} />
      <Copy copy={value.copy} />
    </article>
  );
}
