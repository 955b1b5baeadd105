/** Hazard ratios, predicted in up to three ways beside the published ones, each with its interval drawn on one logarithmic scale. */

import { estimate, NO_VALUE } from "../language/format";
import { usePage, useTexts } from "../state";
import { scaled } from "./steps";
import texts from "./texts";

export type Interval = { readonly value: number; readonly low: number | null; readonly high: number | null };

type Number = number | null | undefined;

/** A row of `Run.contrasts()`. */
export type Contrast = {
  readonly population: string;
  readonly endpoint: string;
  readonly experimental: string;
  readonly control: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly component_model?: Number;
  readonly component_model_low?: Number;
  readonly component_model_high?: Number;
  readonly combined?: Number;
  readonly combined_low?: Number;
  readonly combined_high?: Number;
  readonly published?: Number;
  readonly published_low?: Number;
  readonly published_high?: Number;
  readonly inside?: boolean | null;
};

/** The kinds of a ratio, in the order in which they are drawn from above. */
const KINDS = ["mechanism", "components", "combined", "published"] as const;
type Kind = (typeof KINDS)[number];

/** A ratio of a row with its interval; null where there is none. */
export function ratio(row: Contrast, kind: Kind): Interval | null {
  const [value, low, high] = {
    mechanism: [row.value, row.low, row.high],
    components: [row.component_model, row.component_model_low, row.component_model_high],
    combined: [row.combined, row.combined_low, row.combined_high],
    published: [row.published, row.published_low, row.published_high],
  }[kind];
  return value === null || value === undefined ? null : { value, low: low ?? null, high: high ?? null };
}

const WIDTH = 220;
const ROOM = 14;
const TICKS = [0.1, 0.25, 0.5, 1, 2, 4, 10];

/** The scale that shows every interval and 1, between two ticks. */
export function scale(intervals: readonly Interval[]): { readonly low: number; readonly high: number } {
  const ends = intervals.flatMap(({ value, low, high }) => [low ?? value, high ?? value]);
  const lowest = Math.min(1, ...ends.filter((end) => end > 0));
  const highest = Math.max(1, ...ends.filter((end) => Number.isFinite(end)));
  const below = TICKS.filter((tick) => tick <= lowest);
  const above = TICKS.filter((tick) => tick >= highest);
  return { low: below[below.length - 1] ?? lowest, high: above[0] ?? highest };
}

type Properties = { readonly contrasts: readonly Contrast[]; readonly stale?: boolean };

export function Contrasts({ contrasts, stale }: Properties) {
  const say = useTexts(texts);
  const { language } = usePage();
  const kinds = KINDS.filter((kind) => kind === "mechanism" || contrasts.some((row) => ratio(row, kind) !== null));
  const limits = scale(contrasts.flatMap((row) => kinds.flatMap((kind) => ratio(row, kind) ?? [])));
  const words = (interval: Interval | null) =>
    interval === null ? NO_VALUE : estimate(interval.value, interval.low, interval.high, 2, language);
  return (
    <div class="panel contrasts" aria-busy={stale}>
      <div class="scroll" tabIndex={0} role="region" aria-label={say("contrast.title")}>
        <table>
          <caption>{say("contrast.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{say("contrast.endpoint")}</th>
              <th scope="col">{say("contrast.comparison")}</th>
              <th scope="col">
                <Axis limits={limits} label={say("contrast.scale")} />
              </th>
              {kinds.map((kind) => (
                <th scope="col" key={kind}>
                  <svg class={`key ${kind}`} width="11" height="11" viewBox="0 0 11 11" aria-hidden="true">
                    <Mark kind={kind} x={5.5} y={5.5} />
                  </svg>
                  {say(`contrast.${kind}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {contrasts.map((row, index) => (
              <tr key={index}>
                <th scope="row">{row.endpoint}</th>
                <td>{say("contrast.versus", { experimental: row.experimental, control: row.control })}</td>
                <td>
                  <Bars
                    row={row}
                    kinds={kinds}
                    limits={limits}
                    label={kinds.map((kind) => `${say(`contrast.${kind}`)}: ${words(ratio(row, kind))}`).join("; ")}
                  />
                </td>
                {kinds.map((kind) => (
                  <td class="figures" key={kind}>
                    {words(ratio(row, kind))}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="note">{say("contrast.note")}</p>
    </div>
  );
}

type Limits = { readonly low: number; readonly high: number };

function across(value: number, { low, high }: Limits): number {
  const inside = Math.min(high, Math.max(low, value));
  return scaled(Math.log(inside), [Math.log(low), Math.log(high)], [ROOM, WIDTH - ROOM]);
}

function Axis({ limits, label }: { limits: Limits; label: string }) {
  const ticks = TICKS.filter((tick) => tick >= limits.low && tick <= limits.high);
  return (
    <svg class="interval" width={WIDTH} height="20" viewBox={`0 0 ${WIDTH} 20`} role="img" aria-label={label}>
      {ticks.map((tick) => (
        <g key={tick}>
          <text x={across(tick, limits)} y="12" text-anchor="middle" font-size="11" fill="currentColor">
            {tick}
          </text>
          <line x1={across(tick, limits)} x2={across(tick, limits)} y1="16" y2="20" stroke="currentColor" />
        </g>
      ))}
    </svg>
  );
}

type BarsProperties = {
  readonly row: Contrast;
  readonly kinds: readonly Kind[];
  readonly limits: Limits;
  readonly label: string;
};

function Bars({ row, kinds, limits, label }: BarsProperties) {
  const height = 6 + 11 * kinds.length;
  return (
    <svg class="interval" width={WIDTH} height={height} viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={label}>
      <line class="one" x1={across(1, limits)} x2={across(1, limits)} y1="0" y2={height} />
      {kinds.map((kind, index) => {
        const interval = ratio(row, kind);
        return interval && <Bar key={kind} kind={kind} interval={interval} limits={limits} y={8.5 + 11 * index} />;
      })}
    </svg>
  );
}

type BarProperties = { readonly kind: Kind; readonly interval: Interval; readonly limits: Limits; readonly y: number };

function Bar({ kind, interval: { value, low, high }, limits, y }: BarProperties) {
  return (
    <g class={kind}>
      {low !== null && high !== null && (
        <line x1={across(low, limits)} x2={across(high, limits)} y1={y} y2={y} stroke-width="1.8" stroke="currentColor" />
      )}
      <Mark kind={kind} x={across(value, limits)} y={y} />
    </g>
  );
}

/** The kinds differ in shape as well as in colour. */
function Mark({ kind, x, y }: { kind: Kind; x: number; y: number }) {
  const path = {
    mechanism: `M${x - 3.8} ${y - 3.8}h7.6v7.6h-7.6Z`,
    components: `M${x} ${y - 4.4}L${x + 4.6} ${y + 3.8}H${x - 4.6}Z`,
    combined: `M${x} ${y - 5}L${x + 5} ${y}L${x} ${y + 5}L${x - 5} ${y}Z`,
    published: `M${x - 4} ${y}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z`,
  }[kind];
  return <path d={path} fill="currentColor" />;
}
