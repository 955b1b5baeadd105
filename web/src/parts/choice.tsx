/** A control of a few options: buttons side by side, or a slider when they are ordered. */

import { useId } from "preact/hooks";

export type Option = { readonly id: string; readonly title: string; readonly detail?: string | null };

type Properties = {
  readonly title: string;
  readonly options: readonly Option[];
  readonly value: string;
  readonly change: (id: string) => void;
};

/** Radio buttons that look like a list of cards. */
export function Choice({ title, options, value, change }: Properties) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="label">{title}</legend>
      {options.map((option) => (
        <label key={option.id}>
          <input
            type="radio"
            name={name}
            value={option.id}
            checked={option.id === value}
            onChange={() => change(option.id)}
          />
          <span>
            {option.title}
            {option.detail && <small>{option.detail}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** A slider with one step for each option. */
export function Slider({ title, options, value, change }: Properties) {
  const id = useId();
  const index = Math.max(0, options.findIndex((option) => option.id === value));
  const option = options[index];
  return (
    <div class="slider">
      <label for={id}>{title}</label>
      <output for={id}>{option?.title}</output>
      <input
        id={id}
        type="range"
        min="0"
        max={options.length - 1}
        step="1"
        value={index}
        aria-valuetext={option?.title}
        disabled={options.length < 2}
        onInput={(event) => {
          const chosen = options[Number(event.currentTarget.value)];
          if (chosen) change(chosen.id);
        }}
      />
      <div class="ends muted small" aria-hidden="true">
        <span>{options[0]?.title}</span>
        <span>{options[options.length - 1]?.title}</span>
      </div>
      {option?.detail && <p class="note">{option.detail}</p>}
    </div>
  );
}
