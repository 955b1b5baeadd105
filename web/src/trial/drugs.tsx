/** Cards of the library's drugs, to be found by name, class or target; a click on a label dose takes it. */

import { useState } from "preact/hooks";
import { useTexts } from "../state";
import type { DrugLine } from "./draft";
import texts from "./texts";

export type DrugCard = {
  readonly id: string;
  readonly title: string;
  readonly class: string;
  readonly kind?: string | null;
  readonly targets?: readonly string[];
  readonly labels: readonly string[];
};

/** Drugs in whose name, class or targets every word of the query occurs. */
export function matching(drugs: readonly DrugCard[], query: string): readonly DrugCard[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return drugs.filter((drug) => {
    const text = [drug.id, drug.title, drug.class, ...(drug.targets ?? [])].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

export function DrugPicker({ drugs, choose }: { drugs: readonly DrugCard[]; choose: (line: DrugLine) => void }) {
  const say = useTexts(texts);
  const [query, setQuery] = useState("");
  const shown = matching(drugs, query);
  return (
    <div class="picker">
      <input
        type="search"
        autoFocus
        placeholder={say("trial.drug.search")}
        aria-label={say("trial.drug.search")}
        value={query}
        onInput={(event) => setQuery(event.currentTarget.value)}
      />
      {shown.length === 0 && <p class="note">{say("trial.drug.none")}</p>}
      <ul>
        {shown.map((drug) => (
          <li key={drug.id}>
            <b>{drug.title}</b>
            <small>
              {drug.class}
              {drug.targets && drug.targets.length > 0 ? ` · ${drug.targets.join(", ")}` : ""}
            </small>
            <span class="doses">
              {(drug.labels.length ? drug.labels : [""]).map((dose) => (
                <button type="button" key={dose} onClick={() => choose({ drug: drug.id, dose })}>
                  {dose || "+"}
                </button>
              ))}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
