/** The fields of a trial: arms of drugs, who is enrolled, visits and follow-up. */

import { useId, useState } from "preact/hooks";
import type { Finding } from "../api";
import { useTexts } from "../state";
import { DrugPicker, type DrugCard } from "./drugs";
import { freeName, type Arm, type Draft, type Later } from "./draft";
import texts from "./texts";

export type Covariate = {
  readonly id: string;
  readonly title: string;
  readonly levels: readonly { readonly id: string; readonly title: string; readonly share?: number | null }[];
};
export type Library = { readonly drugs: readonly DrugCard[]; readonly covariates: readonly Covariate[] };

type Properties = {
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly library: Library | null;
  readonly findings: readonly Finding[];
};

const LATER: readonly Later[] = ["none", "docetaxel", "checkpoint"];

export function Form({ draft, change, library, findings }: Properties) {
  const say = useTexts(texts);
  const arm = (index: number, next: Arm | null) =>
    change({ ...draft, arms: draft.arms.flatMap((one, at) => (at === index ? (next ?? []) : one)) });
  const add = () =>
    change({
      ...draft,
      arms: [{ ...draft.arms[0]!, id: freeName(draft.arms), title: "" }, ...draft.arms],
    });
  const times = (changes: Partial<Draft["followUp"]>) => change({ ...draft, followUp: { ...draft.followUp, ...changes } });
  return (
    <form class="fields" onSubmit={(event) => event.preventDefault()}>
      <section class="panel">
        <Text label={say("trial.name")} value={draft.title} change={(title) => change({ ...draft, title })} />
      </section>
      <section>
        <div class="row">
          <h2>{say("trial.arms")}</h2>
          <button type="button" onClick={add} disabled={draft.arms.length >= 6}>
            {say("trial.arm.add")}
          </button>
        </div>
        {draft.arms.map((one, index) => (
          <ArmFields
            key={index}
            arm={one}
            change={(next) => arm(index, next)}
            remove={draft.arms.length > 1 ? () => arm(index, null) : null}
            drugs={library?.drugs ?? []}
            findings={findings.filter(({ key }) => key === `arms.${one.id}` || key?.startsWith(`arms.${one.id}.`))}
          />
        ))}
        <p class="note">{say("trial.arm.control")}</p>
      </section>
      <section class="panel">
        <h2>{say("trial.population")}</h2>
        <p class="note">{say("trial.population.note")}</p>
        <div class="covariates">
          {library?.covariates.filter(({ id }) => `trial.covariate.${id}` in texts).map((covariate) => (
            <Levels
              key={covariate.id}
              covariate={covariate}
              chosen={draft.eligibility[covariate.id] ?? []}
              change={(levels) => {
                const others = Object.entries(draft.eligibility).filter(([id]) => id !== covariate.id);
                const entries = levels.length ? [...others, [covariate.id, levels] as const] : others;
                change({ ...draft, eligibility: Object.fromEntries(entries) });
              }}
            />
          ))}
        </div>
      </section>
      <section class="panel">
        <h2>{say("trial.visits")}</h2>
        <div class="times">
          <Amount
            label={say("trial.visits.first")}
            value={draft.visits.first}
            change={(first) => change({ ...draft, visits: { ...draft.visits, first } })}
          />
          <Amount
            label={say("trial.visits.every")}
            value={draft.visits.every}
            change={(every) => change({ ...draft, visits: { ...draft.visits, every } })}
          />
          <Amount label={say("trial.accrual")} value={draft.followUp.accrual} change={(accrual) => times({ accrual })} />
          <Amount
            label={say("trial.pfs_cut")}
            value={draft.followUp.progression}
            change={(progression) => times({ progression })}
          />
          <Amount
            label={say("trial.os_cut")}
            value={draft.followUp.survival}
            change={(survival) => times({ survival })}
          />
        </div>
      </section>
    </form>
  );
}

type ArmProperties = {
  readonly arm: Arm;
  readonly change: (arm: Arm) => void;
  readonly remove: (() => void) | null;
  readonly drugs: readonly DrugCard[];
  readonly findings: readonly Finding[];
};

function ArmFields({ arm, change, remove, drugs, findings }: ArmProperties) {
  const say = useTexts(texts);
  const id = useId();
  const [picking, setPicking] = useState(false);
  const wrong = (index: number) =>
    findings.some(({ key, message }) => key?.endsWith(`regimen[${index}]`) || message.includes(`"${arm.drugs[index]!.drug}`));
  return (
    <fieldset class="panel arm">
      <legend class="unseen">{say("trial.arm", { name: arm.id })}</legend>
      <div class="head">
        <Text label={say("trial.arm.id")} value={arm.id} change={(next) => change({ ...arm, id: next })} short />
        <Text label={say("trial.arm.title")} value={arm.title} change={(title) => change({ ...arm, title })} />
        <Amount label={say("trial.arm.n")} value={arm.n} change={(n) => change({ ...arm, n })} />
      </div>
      <ul class="drugs">
        {arm.drugs.map((line, index) => (
          <li key={index}>
            <b>{drugs.find((drug) => drug.id === line.drug)?.title ?? line.drug}</b>
            <input
              value={line.dose}
              list={`${id}-${index}`}
              aria-label={say("trial.drug.dose", { drug: line.drug })}
              aria-invalid={wrong(index)}
              onInput={(event) => {
                const dose = event.currentTarget.value;
                change({ ...arm, drugs: arm.drugs.map((one, at) => (at === index ? { ...one, dose } : one)) });
              }}
            />
            <datalist id={`${id}-${index}`}>
              {drugs.find((drug) => drug.id === line.drug)?.labels.map((label) => <option key={label} value={label} />)}
            </datalist>
            <button
              type="button"
              aria-label={say("trial.drug.remove", { drug: line.drug })}
              onClick={() => change({ ...arm, drugs: arm.drugs.filter((_, at) => at !== index) })}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <div class="row foot">
        <button
          type="button"
          aria-expanded={picking}
          aria-label={say("trial.drug.add_to", { name: arm.id })}
          onClick={() => setPicking(!picking)}
        >
          {say("trial.drug.add")}
        </button>
        <label class="later">
          {say("trial.arm.later")}
          <select
            value={arm.later}
            onChange={(event) => change({ ...arm, later: event.currentTarget.value as Later })}
          >
            {LATER.map((later) => (
              <option key={later} value={later}>
                {say(`trial.later.${later}` as keyof typeof texts & string)}
              </option>
            ))}
          </select>
        </label>
        {remove && (
          <button type="button" aria-label={say("trial.arm.remove", { name: arm.id })} onClick={remove}>
            ×
          </button>
        )}
      </div>
      {picking && (
        <DrugPicker
          drugs={drugs}
          choose={(line) => {
            change({ ...arm, drugs: [...arm.drugs, line] });
            setPicking(false);
          }}
        />
      )}
      {findings.length > 0 && (
        <ul class="findings">
          {findings.map((finding, index) => (
            <li key={index}>{finding.message}</li>
          ))}
        </ul>
      )}
    </fieldset>
  );
}

type LevelsProperties = {
  readonly covariate: Covariate;
  readonly chosen: readonly string[];
  readonly change: (levels: readonly string[]) => void;
};

/** Covariates that are 0 or 1 for no and yes. */
const BINARY = new Set(["smoker", "asian", "tmb_high"]);

function Levels({ covariate, chosen, change }: LevelsProperties) {
  const say = useTexts(texts);
  const key = `trial.covariate.${covariate.id}`;
  const name = key in texts ? say(key as keyof typeof texts & string) : covariate.title;
  const binary = BINARY.has(covariate.id);
  return (
    <fieldset>
      <legend class="label">{name}</legend>
      {covariate.levels.map((level) => (
        <label class="tick" key={level.id}>
          <input
            type="checkbox"
            checked={chosen.includes(level.id)}
            onChange={(event) =>
              change(
                covariate.levels
                  .map(({ id }) => id)
                  .filter((id) => (id === level.id ? event.currentTarget.checked : chosen.includes(id))),
              )
            }
          />
          {binary ? say(level.id === "1" ? "trial.yes" : "trial.no") : level.title}
        </label>
      ))}
    </fieldset>
  );
}

type TextProperties = {
  readonly label: string;
  readonly value: string;
  readonly change: (value: string) => void;
  readonly short?: boolean;
};

function Text({ label, value, change, short }: TextProperties) {
  const id = useId();
  return (
    <div class={short ? "short" : undefined}>
      <label for={id}>{label}</label>
      <input id={id} value={value} maxLength={200} onInput={(event) => change(event.currentTarget.value)} />
    </div>
  );
}

type AmountProperties = { readonly label: string; readonly value: number; readonly change: (value: number) => void };

function Amount({ label, value, change }: AmountProperties) {
  const id = useId();
  return (
    <div class="short">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="number"
        min="0"
        value={value}
        onInput={(event) => {
          const next = event.currentTarget.valueAsNumber;
          if (Number.isFinite(next) && next >= 0) change(next);
        }}
      />
    </div>
  );
}
