/** A figure drawn by the server, with its data, and what a view lays over it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { useTexts } from "../state";
import { save } from "./save";
import texts from "./texts";
import { picture } from "./picture";

export type FigureContent = {
  readonly svg: string;
  readonly alt: string;
  readonly csv?: string | null;
  readonly values?: unknown;
};

type Properties = {
  readonly figure: FigureContent;
  readonly name: string;
  readonly title?: string;
  /** Drawn for an older choice: shown faintly until the new one arrives. */
  readonly stale?: boolean;
  /** Called with the drawing in the document; its result cleans up. */
  readonly prepare?: (drawing: SVGSVGElement) => void | (() => void);
  readonly children?: ComponentChildren;
};

export function Figure({ figure, name, title, stale, prepare, children }: Properties) {
  const say = useTexts(texts);
  const canvas = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const drawing = picture(figure.svg);
    if (drawing === null || canvas.current === null) return;
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", figure.alt);
    const { width, height } = { width: drawing.getAttribute("width"), height: drawing.getAttribute("height") };
    if (!drawing.hasAttribute("viewBox") && width && height) drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    canvas.current.replaceChildren(drawing);
    return prepare?.(drawing) ?? undefined;
  }, [figure, prepare]);
  return (
    <figure class={stale ? "figure stale" : "figure"} aria-busy={stale}>
      <div class="canvas" ref={canvas} tabIndex={0} role="region" aria-label={title ?? figure.alt} />
      {children}
      <div class="links">
        {figure.csv && (
          <button type="button" onClick={() => save(`${name}.csv`, "text/csv", figure.csv!)}>
            {say("figure.csv")}
          </button>
        )}
        <button type="button" onClick={() => save(`${name}.svg`, "image/svg+xml", figure.svg)}>
          {say("figure.svg")}
        </button>
      </div>
    </figure>
  );
}
