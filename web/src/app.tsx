/** The frame: navigation, badge, language and theme, and the view of the address. */

import { type ComponentType } from "preact";
import { useEffect, useErrorBoundary, useRef, useState } from "preact/hooks";
import { useResource } from "./api";
import { LANGUAGE_NAMES, LANGUAGES } from "./language";
import { Failure } from "./parts/failure";
import { Link } from "./parts/link";
import { PageState, usePage, useTexts } from "./state";
import texts from "./texts";
import { route, SECTIONS, type Route, type ViewProperties } from "./views";

export type About = {
  readonly version: string;
  readonly credibility: { readonly state: string; readonly text: string };
  readonly ensemble: { readonly draws: number; readonly studies: readonly string[]; readonly stale: boolean };
  readonly badge: string;
  readonly limits: string;
};

export function App() {
  return (
    <PageState>
      <Frame />
    </PageState>
  );
}

function Frame() {
  const { address, language, theme, link, set } = usePage();
  const say = useTexts(texts);
  const about = useResource<About>("/about", { lang: language });
  const target = route(address.path);
  const other = LANGUAGES.find((code) => code !== language)!;
  const views = useRef<HTMLElement>(null);
  const section = target?.route.section;
  useEffect(() => {
    const current = views.current?.querySelector<HTMLElement>("[aria-current]");
    if (current) views.current!.scrollLeft = current.offsetLeft - views.current!.offsetLeft - 40;
  }, [section, language]);
  const otherTheme = theme === "dark" ? "light" : "dark";
  return (
    <>
      <a class="skip" href="#content">
        {say("frame.skip")}
      </a>
      <header class="bar">
        <div class="wide">
          <Link class="mark" path="/" label={say("frame.home")}>
            <svg width="20" height="20" viewBox="0 0 20 20" aria-hidden="true">
              <path d="M1 3H6V7H10V12H14V16H19" fill="none" stroke="currentColor" stroke-width="2.4" />
            </svg>
            normoxia
          </Link>
          <nav class="views" ref={views} aria-label={say("nav.label")}>
            {SECTIONS.map(({ section, path }) => (
              <Link path={path} key={section} current={section === target?.route.section}>
                {say(`nav.${section}`)}
              </Link>
            ))}
          </nav>
          <div class="choices">
            <button type="button" lang={other} onClick={() => set({ lang: other })}>
              {LANGUAGE_NAMES[other]}
            </button>
            <button
              type="button"
              aria-label={say("frame.theme.label", { theme: say(`frame.theme.${otherTheme}`) })}
              onClick={() => set({ theme: otherTheme })}
            >
              {say(`frame.theme.${otherTheme}`)}
            </button>
          </div>
        </div>
      </header>
      <aside class="notice" aria-label={say("frame.credibility")}>
        <div class="wide">
          <span class="badge">{about.value?.badge ?? say("frame.badge")}</span>
          {about.value && (
            <a class="credibility" href={link("/scoreboard")} title={say("frame.credibility")}>
              {about.value.credibility.text}
            </a>
          )}
        </div>
      </aside>
      <main id="content" class="wide" tabIndex={-1}>
        {target ? <View route={target.route} places={target.places} key={target.route.pattern} /> : <NotFound />}
      </main>
      <footer class="wide">
        <p>{about.value?.limits ?? say("frame.limits")}</p>
        {about.value && (
          <p>
            {say("frame.version", { version: about.value.version })}
            {" · "}
            {say("frame.ensemble", { studies: about.value.ensemble.studies.length, draws: about.value.ensemble.draws })}
            {about.value.ensemble.stale && ` · ${say("frame.stale")}`}
          </p>
        )}
      </footer>
    </>
  );
}

function NotFound() {
  const say = useTexts(texts);
  return (
    <section class="empty">
      <h1>{say("frame.not_found")}</h1>
      <p>
        <Link path="/">{say("frame.back_home")}</Link>
      </p>
    </section>
  );
}

function View({ route: target, places }: ViewProperties & { route: Route }) {
  const say = useTexts(texts);
  const [Shown, setShown] = useState<{ view: ComponentType<ViewProperties> } | null>(null);
  const [failed, setFailed] = useState(false);
  const [error] = useErrorBoundary((cause) => console.error(cause));
  useEffect(() => {
    let wanted = true;
    target.load().then(
      (module) => wanted && setShown({ view: module.default }),
      () => wanted && setFailed(true),
    );
    return () => {
      wanted = false;
    };
  }, [target]);
  if (failed || error) return <Failure message={say("frame.view_failed")} />;
  if (Shown === null) return <p class="waiting">{say("frame.loading")}</p>;
  return <Shown.view places={places} />;
}
