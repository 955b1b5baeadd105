/** The causal map as a drawing: one state of one arm, with marks for what rose and fell since the start. */

import { useMemo, useRef } from "preact/hooks";
import { curve, type Curve } from "./geometry";
import { GLYPHS, TUMOUR_CELLS } from "./glyphs";
import type { Plate, Spot } from "./plate";
import { arrowMark, at, mark, share, shown, times } from "./scale";
import type { ArmStates, MapArrow, MapContent, MapNode } from "./types";
import { broken } from "./words";

export type Chosen = { readonly kind: "node" | "arrow"; readonly id: string } | null;

type Properties = {
  readonly map: MapContent;
  readonly plate: Plate;
  readonly days: readonly number[];
  readonly day: number;
  /** What is drawn, and what its first day is compared with. */
  readonly states: ArmStates | null;
  readonly base: ArmStates | null;
  readonly ablated: readonly string[];
  readonly statedOnly: boolean;
  readonly chosen: Chosen;
  readonly pointed: Chosen;
  readonly onChoose: (chosen: Chosen) => void;
  readonly onPoint: (pointed: Chosen) => void;
  readonly label: string;
  readonly say: (key: string, values?: Record<string, string | number>) => string;
};

export function CausalMap(properties: Properties) {
  const { map, plate, chosen, pointed, onChoose, say } = properties;
  const titles = useMemo(() => new Map(map.nodes.map((node) => [node.id, node.title])), [map]);
  const curves = useMemo(
    () =>
      map.arrows.flatMap((arrow) => {
        const line = curve(plate, arrow.id, arrow.from, arrow.to);
        return line === null || (properties.statedOnly && arrow.ours) ? [] : [{ arrow, line }];
      }),
    [map, plate, properties.statedOnly],
  );
  const root = useRef<SVGSVGElement>(null);
  const focus = pointed ?? chosen;
  const near = useMemo(() => neighbourhood(map, focus), [map, focus]);
  const stop =
    chosen?.kind === "arrow" && curves.some(({ arrow }) => arrow.id === chosen.id) ? chosen.id : curves[0]?.arrow.id;

  const move = (event: KeyboardEvent, index: number) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = curves[(index + step + curves.length) % curves.length]!;
    root.current?.querySelector<SVGGElement>(`[data-arrow="${next.arrow.id}"]`)?.focus();
  };

  return (
    <svg
      ref={root}
      class={`plate ${plate.name}`}
      viewBox={`0 0 ${plate.width} ${plate.height}`}
      role="group"
      aria-label={properties.label}
    >
      <Scenery plate={plate} say={say} />
      <g class="arrows">
        {curves.map(({ arrow, line }, index) => (
          <Arrow
            key={arrow.id}
            arrow={arrow}
            line={line}
            {...arrowState(properties, arrow)}
            dim={near !== null && !near.has(arrow.id)}
            lit={focus?.id === arrow.id || (near?.has(arrow.id) ?? false)}
            stop={arrow.id === stop}
            name={arrowName(arrow, titles, say)}
            onChoose={() => onChoose({ kind: "arrow", id: arrow.id })}
            onPoint={(on) => properties.onPoint(on ? { kind: "arrow", id: arrow.id } : null)}
            onKey={(event) => move(event, index)}
          />
        ))}
      </g>
      <g class="nodes">
        {map.nodes.map((node) => {
          const spot = plate.spots[node.id];
          return spot === undefined ? null : (
            <Node
              key={node.id}
              node={node}
              spot={spot}
              plate={plate}
              {...nodeState(properties, node)}
              dim={near !== null && !near.has(node.id)}
              lit={focus?.kind === "node" && focus.id === node.id}
              onChoose={() => onChoose({ kind: "node", id: node.id })}
              onPoint={(on) => properties.onPoint(on ? { kind: "node", id: node.id } : null)}
            />
          );
        })}
      </g>
    </svg>
  );
}

export function arrowName(
  arrow: MapArrow,
  titles: ReadonlyMap<string, string>,
  say: (key: string, values?: Record<string, string | number>) => string,
): string {
  const values = { from: titles.get(arrow.from) ?? arrow.from, to: titles.get(arrow.to) ?? arrow.to };
  return say(arrow.sign > 0 ? "map.raises" : "map.lowers", values);
}

/** Ids of what belongs to a node or an arrow; null when nothing is chosen. */
function neighbourhood(map: MapContent, focus: Chosen): ReadonlySet<string> | null {
  if (focus === null) return null;
  const near = new Set<string>([focus.id]);
  if (focus.kind === "arrow") {
    const own = map.arrows.find((one) => one.id === focus.id);
    for (const arrow of map.arrows) {
      if (arrow.id === focus.id || own?.statements.some((tag) => arrow.statements.includes(tag)))
        for (const id of [arrow.id, arrow.from, arrow.to]) near.add(id);
    }
    return near;
  }
  for (const arrow of map.arrows) {
    if (arrow.from === focus.id || arrow.to === focus.id)
      for (const id of [arrow.id, arrow.from, arrow.to]) near.add(id);
  }
  return near;
}

type ArrowState = { readonly change: string; readonly strength: number; readonly removed: boolean };

function arrowState({ states, base, days, day, ablated }: Properties, arrow: MapArrow): ArrowState {
  const removed = arrow.statements.length > 0 && arrow.statements.every((tag) => ablated.includes(tag));
  if (states === null || arrow.emergent || removed) return { change: "same", strength: 0, removed };
  const value = at(states.arrows[arrow.id], days, day);
  const start = arrow.constant ? 1 : base?.arrows[arrow.id]?.[0];
  return { ...arrowMark(value, start), removed };
}

type NodeState = { readonly change: string; readonly strength: number; readonly value: string; readonly ratio: string };

function nodeState({ states, base, days, day }: Properties, node: MapNode): NodeState {
  const value = states === null ? null : at(states.nodes[node.id], days, day);
  if (value === null) return { change: "same", strength: 0, value: "", ratio: "" };
  if (node.group === "drug") {
    const strength = share(node.unit === "share" ? value : value / (1 + value));
    return { change: "drug", strength, value: value > 0 ? shown(value, node.unit) : "", ratio: "" };
  }
  if (node.group === "patient") return { ...mark(value, 1), value: shown(value, node.unit), ratio: "" };
  const start = base?.nodes[node.id]?.[0];
  return { ...mark(value, start), value: shown(value, node.unit), ratio: times(value, start) };
}

type ArrowProperties = ArrowState & {
  readonly arrow: MapArrow;
  readonly line: Curve;
  readonly dim: boolean;
  readonly lit: boolean;
  readonly stop: boolean;
  readonly name: string;
  readonly onChoose: () => void;
  readonly onPoint: (on: boolean) => void;
  readonly onKey: (event: KeyboardEvent) => void;
};

function Arrow({ arrow, line, change, strength, removed, dim, lit, stop, name, ...on }: ArrowProperties) {
  const width = (arrow.ours ? 0.7 : 0.95) + 3 * strength;
  const size = 3.4 + 1.5 * width;
  const classes = ["arrow", change, arrow.ours && "ours", arrow.emergent && "emergent", removed && "removed"];
  const label = `${arrow.statements.join(", ")}${arrow.statements.length > 0 ? ": " : ""}${name}`;
  return (
    <g
      class={[...classes, dim && "dim", lit && "lit"].filter(Boolean).join(" ")}
      data-arrow={arrow.id}
      role="button"
      aria-label={label}
      tabIndex={stop ? 0 : -1}
      onClick={on.onChoose}
      onMouseEnter={() => on.onPoint(true)}
      onMouseLeave={() => on.onPoint(false)}
      onFocus={() => on.onPoint(true)}
      onBlur={() => on.onPoint(false)}
      onKeyDown={(event) => {
        if (event.key === "Enter" || event.key === " ") {
          event.preventDefault();
          on.onChoose();
        } else on.onKey(event);
      }}
    >
      <path class="grip" d={line.path} />
      <path class="line" d={line.path} stroke-width={width.toFixed(2)} />
      <path
        class="head"
        transform={`translate(${line.end[0].toFixed(1)} ${line.end[1].toFixed(1)}) rotate(${line.angle.toFixed(0)})`}
        {...head(arrow.sign, size, width)}
      />
      {arrow.statements.length > 0 && (lit || removed) && (
        <text class="tag" x={line.middle[0]} y={line.middle[1] + 3}>
          {arrow.statements.join(" ")}
        </text>
      )}
    </g>
  );
}

/** A point for an arrow that raises, a bar for one that lowers; the tip lies a little before the node. */
function head(sign: number, size: number, width: number) {
  if (sign > 0) return { d: `M2.5 0 L${-size} ${size * 0.55} L${-size * 0.7} 0 L${-size} ${-size * 0.55} Z` };
  return { d: `M1 ${-size * 0.75} V${size * 0.75}`, "stroke-width": (1 + width * 0.7).toFixed(2), class: "head bar" };
}

type NodeProperties = NodeState & {
  readonly node: MapNode;
  readonly spot: Spot;
  readonly plate: Plate;
  readonly dim: boolean;
  readonly lit: boolean;
  readonly onChoose: () => void;
  readonly onPoint: (on: boolean) => void;
};

function Node({ node, spot, plate, change, strength, value, ratio, dim, lit, ...on }: NodeProperties) {
  const radius = spot.r ?? plate.radius;
  const scale = plate.radius / 15;
  const lines = broken(node.title, plate.name === "wide" ? 15 : 12);
  const place = label(spot.side ?? "below", radius, lines.length, plate.name === "wide" ? 11.5 : 11);
  const note = ratio !== "" && strength > 0 ? ratio : change === "drug" ? value : "";
  return (
    <g
      class={["node", node.group, change, dim && "dim", lit && "lit"].filter(Boolean).join(" ")}
      transform={`translate(${spot.x} ${spot.y})`}
      data-node={node.id}
      onClick={on.onChoose}
      onMouseEnter={() => on.onPoint(true)}
      onMouseLeave={() => on.onPoint(false)}
    >
      {node.id === "tumour" ? (
        TUMOUR_CELLS.map(([x, y, r]) => (
          <g key={`${x} ${y}`} transform={`translate(${(x * radius) / 32} ${(y * radius) / 32})`}>
            <circle class="ground" r={(r * radius) / 32} />
            <circle class="level" r={(r * radius) / 32} fill-opacity={strength.toFixed(2)} />
            <circle class="nucleus" r={(r * radius) / 80} />
          </g>
        ))
      ) : (
        <>
          <Outline group={node.group} radius={radius} class="ground" />
          <Outline group={node.group} radius={radius} class="level" opacity={(0.08 + 0.8 * strength) * +(strength > 0)} />
          <path class="glyph" d={GLYPHS[node.id] ?? ""} transform={`scale(${scale.toFixed(2)})`} />
        </>
      )}
      <text class="name" text-anchor={place.anchor} x={place.x} y={place.y}>
        {lines.map((line, index) => (
          <tspan key={line} x={place.x} dy={index === 0 ? 0 : place.step}>
            {line}
          </tspan>
        ))}
        {note !== "" && (
          <tspan class="amount" x={place.x} dy={place.step}>
            {change === "more" ? "▲ " : change === "less" ? "▼ " : ""}
            {note}
          </tspan>
        )}
      </text>
    </g>
  );
}

type OutlineProperties = { readonly group: string; readonly radius: number; readonly class: string; readonly opacity?: number };

/** Cells are round, drugs hexagons, vessels and processes rounded squares, patients tags. */
function Outline({ group, radius, opacity, ...rest }: OutlineProperties) {
  const shared = { class: rest.class, "fill-opacity": opacity?.toFixed(2) };
  if (group === "drug") {
    const corners = [0, 60, 120, 180, 240, 300].map((angle) => {
      const radians = (angle * Math.PI) / 180;
      return `${(radius * 1.08 * Math.cos(radians)).toFixed(1)} ${(radius * 1.08 * Math.sin(radians)).toFixed(1)}`;
    });
    return <path {...shared} d={`M${corners.join(" L")} Z`} />;
  }
  if (group === "vessel" || group === "patient") {
    const side = radius * (group === "vessel" ? 0.93 : 0.8);
    return <rect {...shared} x={-side} y={-side} width={2 * side} height={2 * side} rx={group === "vessel" ? 6 : 2} />;
  }
  return <circle {...shared} r={radius} />;
}

function label(side: string, radius: number, lines: number, step: number) {
  const gap = radius + 4;
  if (side === "right") return { x: gap, y: 4 - ((lines - 1) * step) / 2, anchor: "start" as const, step };
  if (side === "left") return { x: -gap, y: 4 - ((lines - 1) * step) / 2, anchor: "end" as const, step };
  if (side === "above") return { x: 0, y: -gap - (lines - 1) * step, anchor: "middle" as const, step };
  return { x: 0, y: gap + step - 3, anchor: "middle" as const, step };
}

function Scenery({ plate, say }: Pick<Properties, "plate" | "say">) {
  const { scenery } = plate;
  return (
    <g class="scenery" aria-hidden="true">
      <path class="bed" d={scenery.bed} />
      <path class="lymph" d={scenery.node} />
      <path class="lumen" d={scenery.lumen} />
      {scenery.vessel.map((wall) => (
        <path class="wall" d={wall} key={wall} />
      ))}
      {scenery.pericytes.map(([x, y, turn]) => (
        <ellipse class="pericyte" rx="10" ry="2.6" transform={`translate(${x} ${y}) rotate(${turn})`} key={`${x} ${y}`} />
      ))}
      {scenery.labels.map((one) => (
        <text class="place" x={one.x} y={one.y} key={one.key}>
          {say(one.key)}
        </text>
      ))}
    </g>
  );
}
