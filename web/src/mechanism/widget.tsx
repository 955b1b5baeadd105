/** The mechanism player of a notebook: the same map, card and slider as the page, in a shadow tree of its own. */

import { render as mount } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { isLanguage, speaker } from "../language";
import page from "../styles/page.css?inline";
import tokens from "../styles/tokens.css?inline";
import { Card } from "./card";
import { CausalMap, type Chosen } from "./map";
import { NARROW, WIDE } from "./plate";
import { Legend, Player } from "./player";
import style from "./style.css?inline";
import texts from "./texts";
import type { MapContent, Play } from "./types";

/** What anywidget gives: traits of the Python object, kept in step. */
type Model = {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, call: () => void): void;
  off(event: string, call: () => void): void;
};

const OWN = `
:host { display: block; }
.causal { font: 15px/1.55 var(--latin), var(--chinese), sans-serif; color: var(--foreground); background: var(--page); padding: 0.75rem; border-radius: 10px; }
.causal .card { position: static; max-height: none; }
.causal .player { position: static; }
`;

function scoped(css: string): string {
  return css.replace(/:root(\[[^\]]+\])?/g, (_, attribute: string | undefined) => (attribute ? `:host(${attribute})` : ":host"));
}

function useTrait<T>(model: Model, name: string): T {
  const [value, setValue] = useState(() => model.get(name) as T);
  useEffect(() => {
    const change = () => setValue(model.get(name) as T);
    model.on(`change:${name}`, change);
    return () => model.off(`change:${name}`, change);
  }, [model, name]);
  return value;
}

function MechanismPlayer({ model }: { model: Model }) {
  const map = useTrait<MapContent>(model, "map");
  const play = useTrait<Play>(model, "play");
  const ablated = useTrait<readonly string[]>(model, "ablate");
  const given = useTrait<number>(model, "day");
  const lang = useTrait<string>(model, "lang");
  const [chosen, setChosen] = useState<Chosen>(null);
  const [pointed, setPointed] = useState<Chosen>(null);
  const [statedOnly, setStatedOnly] = useState(false);
  const say = useMemo(
    () => speaker(texts, isLanguage(lang) ? lang : "en") as (key: string, values?: Record<string, string | number>) => string,
    [lang],
  );
  const last = play.days[play.days.length - 1] ?? 0;
  const day = Math.min(given, last);
  const put = (name: string, value: unknown) => {
    model.set(name, value);
    model.save_changes();
  };
  return (
    <div class="causal" lang={lang === "zh" ? "zh-CN" : "en"}>
      <div class="stage">
        <div>
          <div class="plates">
            {play.arms.map((arm) => (
              <figure class="sheet" key={arm.id}>
                <figcaption>
                  {arm.title}{" "}
                  {ablated.length > 0 && <span>· {say("map.ablated_now", { tags: ablated.join(", ") })}</span>}
                </figcaption>
                <CausalMap
                  map={map}
                  plate={play.arms.length > 1 ? NARROW : WIDE}
                  days={play.days}
                  day={day}
                  states={(play.without ?? play.states)[arm.id] ?? null}
                  base={play.states[arm.id] ?? null}
                  ablated={ablated}
                  statedOnly={statedOnly}
                  chosen={chosen}
                  pointed={pointed}
                  onChoose={setChosen}
                  onPoint={setPointed}
                  label={say("map.label", { arm: arm.title, day: Math.round(day) })}
                  say={say}
                />
              </figure>
            ))}
          </div>
          <Player day={day} last={last} onDay={(value) => put("day", value)} say={say} />
          <Legend say={say} statedOnly={statedOnly} onStated={setStatedOnly} />
          <p class="note">{map.note}</p>
        </div>
        <Card
          map={map}
          play={play}
          arm={play.arms[0]?.id ?? ""}
          day={day}
          chosen={pointed?.kind === "node" && chosen === null ? pointed : chosen}
          ablated={ablated}
          onChoose={setChosen}
          onAblate={(tags) => put("ablate", [...tags])}
          say={say}
        />
      </div>
    </div>
  );
}

function render({ model, el }: { model: Model; el: HTMLElement }) {
  const root = el.attachShadow({ mode: "open" });
  const sheet = document.createElement("style");
  sheet.textContent = [tokens, page, style].map(scoped).join("\n") + OWN;
  const place = document.createElement("div");
  root.append(sheet, place);
  const theme = () => {
    el.dataset.theme = model.get("theme") === "dark" ? "dark" : "light";
  };
  theme();
  model.on("change:theme", theme);
  mount(<MechanismPlayer model={model} />, place);
  return () => {
    model.off("change:theme", theme);
    mount(null, place);
  };
}

export default { render };
