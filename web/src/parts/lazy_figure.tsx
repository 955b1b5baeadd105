/** A figure that is asked for when it comes near the reader's eye: drawing one takes the server a while. */

import { useEffect, useRef, useState } from "preact/hooks";
import { useResource, type Parameters } from "../api";
import { RequestFailure } from "./failure";
import type { FigureContent } from "./figure";
import { SurvivalFigure } from "./survival_figure";
import { usePage, useTexts } from "../state";
import texts from "./texts";

type Properties = {
  readonly path: string;
  readonly name: string;
  readonly title: string;
  /** What it is asked for with, besides language and theme. */
  readonly parameters?: Parameters;
};

export function LazyFigure({ path, name, title, parameters }: Properties) {
  const say = useTexts(texts);
  const { language, theme } = usePage();
  const [near, setNear] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null || near) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setNear(true),
      { rootMargin: "400px" },
    );
    observer.observe(place.current);
    const all = () => setNear(true);
    window.addEventListener("beforeprint", all);
    return () => {
      observer.disconnect();
      window.removeEventListener("beforeprint", all);
    };
  }, [near]);
  const drawn = useResource<FigureContent>(near ? path : null, { ...parameters, lang: language, theme });
  return (
    <div ref={place} class="lazy">
      {drawn.error ? (
        <RequestFailure error={drawn.error} retry={drawn.reload} />
      ) : drawn.value ? (
        <SurvivalFigure figure={drawn.value} name={name} title={title} stale={drawn.loading} />
      ) : (
        <div class="panel placeholder muted">
          {title} · {say("figure.drawing")}
        </div>
      )}
    </div>
  );
}
