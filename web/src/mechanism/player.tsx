/** Time: a slider that is dragged or plays, and the key to the marks. */

import { useEffect, useState } from "preact/hooks";

type Say = (key: string, values?: Record<string, string | number>) => string;

/** A year takes this long to play. */
const SECONDS_A_YEAR = 14;
const DAYS_A_MONTH = 30.4375;

type Properties = {
  readonly day: number;
  readonly last: number;
  readonly onDay: (day: number) => void;
  readonly say: Say;
};

export function Player({ day, last, onDay, say }: Properties) {
  const [playing, setPlaying] = useState(false);
  useEffect(() => {
    if (!playing) return;
    let frame = 0;
    let before: number | null = null;
    let shown = day >= last ? 0 : day;
    const step = (now: number) => {
      if (before !== null) shown += ((now - before) / 1000) * (365 / SECONDS_A_YEAR);
      before = now;
      onDay(Math.min(shown, last));
      if (shown >= last) setPlaying(false);
      else frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [playing, last]);
  const rounded = Math.round(day);
  const text = say("map.day_value", { day: rounded, month: (day / DAYS_A_MONTH).toFixed(1) });
  return (
    <div class="player">
      <button type="button" class="main" onClick={() => setPlaying(!playing)}>
        {say(playing ? "map.pause" : "map.play")}
      </button>
      <input
        type="range"
        min="0"
        max={last}
        step="1"
        value={rounded}
        aria-label={say("map.day")}
        aria-valuetext={text}
        onInput={(event) => {
          setPlaying(false);
          onDay(Number(event.currentTarget.value));
        }}
      />
      <output>{text}</output>
    </div>
  );
}

type LegendProperties = { readonly say: Say; readonly statedOnly: boolean; readonly onStated: (on: boolean) => void };

export function Legend({ say, statedOnly, onStated }: LegendProperties) {
  return (
    <ul class="legend">
      {(["more", "less", "drug"] as const).map((change) => (
        <li key={change}>
          <svg class={change} viewBox="0 0 32 16" aria-hidden="true">
            <circle cx="16" cy="8" r="7" />
          </svg>
          {say(`map.${change}`)}
        </li>
      ))}
      <li>
        <svg viewBox="0 0 32 16" aria-hidden="true">
          <path d="M1 8 H26" stroke="currentColor" stroke-width="2" />
          <path d="M31 8 L22 3 V13 Z" fill="currentColor" />
        </svg>
        {say("map.stimulates")}
      </li>
      <li>
        <svg viewBox="0 0 32 16" aria-hidden="true">
          <path d="M1 8 H28 M29 2 V14" stroke="currentColor" stroke-width="2" />
        </svg>
        {say("map.inhibits")}
      </li>
      <li>
        <svg class="emergent" viewBox="0 0 32 16" aria-hidden="true">
          <path d="M1 8 H31" stroke="currentColor" stroke-width="2" stroke-dasharray="2 4" />
        </svg>
        {say("map.emergent")}
      </li>
      <li>{say("map.heavy")}</li>
      <li class="unprinted">
        <button type="button" aria-pressed={statedOnly} onClick={() => onStated(!statedOnly)}>
          {say(statedOnly ? "map.all_arrows" : "map.stated_arrows")}
        </button>
      </li>
    </ul>
  );
}
