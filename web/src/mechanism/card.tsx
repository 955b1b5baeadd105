/** What stands behind a node or an arrow: state and course, or statement, formula, parameters, source and the switch. */

import { useMemo } from "preact/hooks";
import { Course } from "./course";
import { Formula } from "./formula";
import { arrowName, type Chosen } from "./map";
import { at, shown } from "./scale";
import type { ArmStates, MapArrow, MapContent, MapNode, Parameter, Play, Statement } from "./types";

type Say = (key: string, values?: Record<string, string | number>) => string;

type Properties = {
  readonly map: MapContent;
  readonly play: Play | null;
  readonly arm: string;
  readonly day: number;
  readonly chosen: Chosen;
  readonly ablated: readonly string[];
  readonly onChoose: (chosen: Chosen) => void;
  readonly onAblate: (tags: readonly string[]) => void;
  readonly say: Say;
};

export function Card(properties: Properties) {
  const { map, chosen, say, onChoose } = properties;
  const node = chosen?.kind === "node" ? map.nodes.find((one) => one.id === chosen.id) : undefined;
  const arrow = chosen?.kind === "arrow" ? map.arrows.find((one) => one.id === chosen.id) : undefined;
  return (
    <aside class={node || arrow ? "panel card open" : "panel card"} aria-live="polite">
      {(node || arrow) && (
        <button type="button" class="close unprinted" aria-label={say("map.close")} onClick={() => onChoose(null)}>
          ×
        </button>
      )}
      {node && <NodeCard {...properties} node={node} />}
      {arrow && <ArrowCard {...properties} arrow={arrow} />}
      {!node && !arrow && <p class="muted">{say("map.hint")}</p>}
      <Difference {...properties} />
    </aside>
  );
}

function NodeCard(properties: Properties & { node: MapNode }) {
  const { map, play, arm, day, node, say, onChoose } = properties;
  const states = play?.states[arm];
  const series = states?.nodes[node.id];
  const unit = node.unit === "share" ? "" : node.unit_text;
  const titles = useTitles(map);
  const incoming = map.arrows.filter((arrow) => arrow.to === node.id);
  const outgoing = map.arrows.filter((arrow) => arrow.from === node.id);
  return (
    <>
      <h2>{node.title}</h2>
      {node.of && <p class="muted">{node.of}</p>}
      {play && series ? (
        <>
          <p>
            <strong>
              {shown(at(series, play.days, day), node.unit)} {unit}
            </strong>{" "}
            {say("map.now", { day: Math.round(day) })} · {shown(series[0], node.unit)} {say("map.start")}
          </p>
          <Course
            days={play.days}
            day={day}
            series={series}
            second={play.without?.[arm]?.nodes[node.id]}
            low={states?.low?.[node.id]}
            high={states?.high?.[node.id]}
            unit={node.unit}
            label={node.title}
          />
          {states?.low && <p class="small muted">{say("map.band")}</p>}
        </>
      ) : (
        node.unit === "" && <p class="muted">{say("map.no_state")}</p>
      )}
      <Arrows title={say("map.arrows_in")} arrows={incoming} other="from" titles={titles} onChoose={onChoose} />
      <Arrows title={say("map.arrows_out")} arrows={outgoing} other="to" titles={titles} onChoose={onChoose} />
    </>
  );
}

type ArrowsProperties = {
  readonly title: string;
  readonly arrows: readonly MapArrow[];
  readonly other: "from" | "to";
  readonly titles: ReadonlyMap<string, string>;
  readonly onChoose: (chosen: Chosen) => void;
};

function Arrows({ title, arrows, other, titles, onChoose }: ArrowsProperties) {
  if (arrows.length === 0) return null;
  return (
    <div class="unprinted">
      <h3>{title}</h3>
      <ul class="links-list">
        {arrows.map((arrow) => (
          <li key={arrow.id}>
            <button type="button" onClick={() => onChoose({ kind: "arrow", id: arrow.id })}>
              {arrow.sign > 0 ? "+" : "−"} {titles.get(arrow[other])}
              {arrow.statements.length > 0 && <span class="muted"> · {arrow.statements.join(", ")}</span>}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

function ArrowCard(properties: Properties & { arrow: MapArrow }) {
  const { map, play, arm, day, arrow, say } = properties;
  const titles = useTitles(map);
  const statements = arrow.statements.flatMap((tag) => map.statements.filter((one) => one.tag === tag));
  const series = play?.states[arm]?.arrows[arrow.id];
  const value = play && series ? at(series, play.days, day) : null;
  const used = map.functions.filter((one) => arrow.formulas.some(([, right]) => right.includes(`${one.name.split("(")[0]}(`)));
  return (
    <>
      <h2>{arrowName(arrow, titles, say)}</h2>
      {statements.map((statement) => (
        <StatementText key={statement.tag} {...properties} statement={statement} />
      ))}
      {arrow.ours && <p class="muted">{say("map.own")}</p>}
      {arrow.emergent && (
        <p class="muted">{say("map.emergent_text", { term: statements.map((one) => one.term).join("; ") })}</p>
      )}
      {arrow.formulas.length > 0 && (
        <>
          <h3>{say("map.formula")}</h3>
          {arrow.formulas.map(([left, right]) => (
            <Formula key={left + right} left={left} right={right} here={arrow.effect} />
          ))}
        </>
      )}
      {play && series && value !== null && (
        <>
          <h3>{say("map.effect")}</h3>
          <p>
            {say("map.effect_now", {
              value: shown(value, "ratio"),
              start: arrow.constant ? shown(1, "ratio") : shown(series[0], "ratio"),
            })}
          </p>
          {!arrow.constant && (
            <Course
              days={play.days}
              day={day}
              series={series}
              second={play.without?.[arm]?.arrows[arrow.id]}
              unit="ratio"
              label={say("map.effect")}
            />
          )}
        </>
      )}
      {arrow.parameters.length > 0 && (
        <>
          <h3>{say("map.parameters")}</h3>
          <dl>
            {arrow.parameters.map((parameter) => (
              <ParameterText key={parameter.name} parameter={parameter} say={say} />
            ))}
          </dl>
        </>
      )}
      {used.length > 0 && (
        <details class="small">
          <summary>{say("map.functions")}</summary>
          {used.map((one) => (
            <div key={one.name}>
              <Formula left={one.name} right={one.formula} />
              <span class="muted">{one.title}</span>
            </div>
          ))}
        </details>
      )}
    </>
  );
}

function StatementText({ statement, ablated, onAblate, say }: Properties & { statement: Statement }) {
  const away = ablated.includes(statement.tag);
  const others = ablated.filter((tag) => tag !== statement.tag);
  return (
    <>
      <p class="says">
        <b>{statement.tag}</b>
        {statement.says}
      </p>
      <p class="small muted">{say("map.place", { place: statement.review_place })}</p>
      {statement.added && <p class="small muted">{say("map.added", { text: statement.added })}</p>}
      {statement.ablatable ? (
        <button
          type="button"
          class={away ? "main unprinted" : "unprinted"}
          aria-pressed={away}
          onClick={() => onAblate(away ? others : [...others, statement.tag])}
        >
          {say(away ? "map.restore" : "map.ablate", { tag: statement.tag })}
        </button>
      ) : (
        !statement.emergent && <p class="small muted">{say("map.not_ablatable")}</p>
      )}
    </>
  );
}

function ParameterText({ parameter, say }: { parameter: Parameter; say: Say }) {
  const { low, high, unit } = parameter;
  const range = low !== null && high !== null ? ` (${say("map.range", { low, high })})` : "";
  return (
    <>
      <dt>
        <Formula left={parameter.name} right={`${parameter.value}${unit === "1" ? "" : ` ${unit}`}`} />
      </dt>
      <dd>
        {parameter.title}
        {range}
        {parameter.kind === "sampled" && ` · ${say("map.varies")}`}
        <br />
        {parameter.source} · {say(parameter.verified ? "map.read" : "map.unread")}
      </dd>
    </>
  );
}

/** Nodes that differ most with statements taken away. */
function Difference({ map, play, arm, day, ablated, onAblate, say }: Properties) {
  if (ablated.length === 0) return null;
  const rows = play?.without ? differences(map, play.days, day, play.states[arm], play.without[arm]) : [];
  return (
    <section class="difference">
      <h3>{say("map.ablated_now", { tags: ablated.join(", ") })}</h3>
      {play?.without && (
        <table>
          <caption class="small">{say("map.difference", { day: Math.round(day) })}</caption>
          <thead>
            <tr>
              <th />
              <th class="number">{say("map.with")}</th>
              <th class="number">{say("map.without")}</th>
              <th class="number">%</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ node, before, after }) => (
              <tr key={node.id}>
                <th scope="row">{node.title}</th>
                <td class="number">{shown(before, node.unit)}</td>
                <td class="number">{shown(after, node.unit)}</td>
                <td class="number">{signed(100 * (after / before - 1))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {play?.without && rows.length === 0 && <p>{say("map.no_difference")}</p>}
      <button type="button" class="unprinted" onClick={() => onAblate([])}>
        {say("map.restore_all")}
      </button>
    </section>
  );
}

const MOST_ROWS = 9;

export function differences(
  map: MapContent,
  days: readonly number[],
  day: number,
  before: ArmStates | undefined,
  after: ArmStates | undefined,
) {
  return map.nodes
    .flatMap((node) => {
      const pair = [before, after].map((states) => at(states?.nodes[node.id], days, day));
      const [one, other] = pair;
      if (one === null || one === undefined || other === null || other === undefined || one <= 0 || other <= 0) return [];
      return [{ node, before: one, after: other, size: Math.abs(Math.log(other / one)) }];
    })
    .filter(({ size }) => size >= Math.log(1.01))
    .sort((one, other) => other.size - one.size)
    .slice(0, MOST_ROWS);
}

function signed(value: number): string {
  const text = Math.abs(value).toFixed(Math.abs(value) < 9.95 ? 1 : 0);
  return `${value < 0 ? "−" : "+"}${text}`;
}

function useTitles(map: MapContent): ReadonlyMap<string, string> {
  return useMemo(() => new Map(map.nodes.map((node) => [node.id, node.title])), [map]);
}
