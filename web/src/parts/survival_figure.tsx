/** A Kaplan-Meier figure that is read with the pointer or the arrow keys. */

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { number } from "../language/format";
import { usePage, useTexts } from "../state";
import { Figure, type FigureContent } from "./figure";
import { isSurvival, read, scaled, type SurvivalValues } from "./steps";
import texts from "./texts";

const SVG = "http://www.w3.org/2000/svg";

type Properties = {
  readonly figure: FigureContent;
  readonly name: string;
  readonly title?: string;
  readonly stale?: boolean;
};

export function SurvivalFigure(properties: Properties) {
  const { values } = properties.figure;
  return isSurvival(values) ? <Readable {...properties} values={values} /> : <Figure {...properties} />;
}

function Readable({ values, ...rest }: Properties & { values: SurvivalValues }) {
  const say = useTexts(texts);
  const { language } = usePage();
  const [time, setTime] = useState<number | null>(null);
  const marks = useRef<SVGGElement | null>(null);
  const [first, last] = values.plot.months;
  const prepare = useCallback(
    (drawing: SVGSVGElement) => {
      const group = document.createElementNS(SVG, "g");
      group.setAttribute("pointer-events", "none");
      drawing.append(group);
      marks.current = group;
      const move = (event: PointerEvent) => {
        const matrix = drawing.getScreenCTM();
        if (matrix === null) return;
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
        const { x, y, width, height, months } = values.plot;
        const right = x + width;
        const inside = point.x >= x - 4 && point.x <= right + 4 && point.y >= y - 8 && point.y <= y + height + 8;
        setTime(inside ? Math.min(last, Math.max(first, scaled(point.x, [x, right], months))) : null);
      };
      const leave = () => setTime(null);
      const step = (event: KeyboardEvent) => {
        const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (event.key === "Escape") setTime(null);
        if (way === undefined) return;
        event.preventDefault();
        setTime((before) => Math.min(last, Math.max(first, before === null ? first : Math.round(before) + way)));
      };
      const canvas = drawing.parentElement!;
      drawing.addEventListener("pointermove", move);
      drawing.addEventListener("pointerdown", move);
      drawing.addEventListener("pointerleave", leave);
      canvas.addEventListener("keydown", step);
      return () => {
        canvas.removeEventListener("keydown", step);
      };
    },
    [values, first, last],
  );
  useEffect(() => {
    const group = marks.current;
    if (group === null) return;
    group.replaceChildren();
    if (time === null) return;
    const { x, y, width, height, months, percent } = values.plot;
    const across = scaled(time, months, [x, x + width]);
    group.append(shape("line", { x1: across, x2: across, y1: y, y2: y + height, class: "reading" }));
    for (const curve of values.arms) {
      const value = read(curve, time);
      if (value === null) continue;
      const down = scaled(value.survival, percent, [y + height, y]);
      group.append(shape("circle", { cx: across, cy: down, r: 4.5, fill: curve.colour, class: "reading" }));
    }
  }, [time, values]);
  return (
    <Figure {...rest} prepare={prepare}>
      <div class="readout" aria-live="polite">
        {time === null ? (
          <span class="muted">{say("figure.read")}</span>
        ) : (
          <>
            <b>{say("figure.month", { month: number(time, 1) })}</b>
            {values.arms.map((curve) => {
              const value = read(curve, time);
              return (
                <span key={curve.id}>
                  <svg class="key" width="11" height="11" viewBox="0 0 11 11" aria-hidden="true">
                    <rect width="11" height="11" rx="2" fill={curve.colour} />
                  </svg>
                  {curve.id} {value === null ? "–" : `${number(value.survival, 0)}%`}
                  {value !== null && (
                    <span class="muted">
                      {language === "zh" ? "，" : ", "}
                      {say("figure.at_risk", { n: value.atRisk })}
                    </span>
                  )}
                </span>
              );
            })}
          </>
        )}
      </div>
    </Figure>
  );
}

function shape(name: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}
