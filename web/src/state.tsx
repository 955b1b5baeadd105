/** What every view needs to know: the address, the language, the theme, and how to change them. */

import { createContext, type ComponentChildren } from "preact";
import { useCallback, useContext, useEffect, useMemo, useState } from "preact/hooks";
import { isLanguage, preferredLanguage, speaker, type Language, type Say, type Texts } from "./language";
import { changed, elsewhere, parse, print, type Address, type Changes } from "./router";

export type Theme = "light" | "dark";

export type Page = {
  readonly address: Address;
  readonly language: Language;
  /** The theme that is shown; the address holds one only when the reader chose it. */
  readonly theme: Theme;
  /** The address of a path in this language and theme, for links. */
  readonly link: (path: string, changes?: Changes) => string;
  /** Open another view. */
  readonly open: (path: string, changes?: Changes) => void;
  /** Change places of the query; by default without a new step in the browser's history. */
  readonly set: (changes: Changes, step?: boolean) => void;
};

const Context = createContext<Page | null>(null);

export function usePage(): Page {
  const page = useContext(Context);
  if (page === null) throw new Error("usePage outside PageState");
  return page;
}

/** The texts of an area in the reader's language. */
export function useTexts<T extends Texts>(catalogue: T): Say<T> {
  const { language } = usePage();
  return useMemo(() => speaker(catalogue, language), [catalogue, language]);
}

function here(): Address {
  return parse(window.location.pathname + window.location.search);
}

export function PageState({ children }: { children: ComponentChildren }) {
  const [address, setAddress] = useState(here);
  const systemDark = useMedia("(prefers-color-scheme: dark)");
  useEffect(() => {
    const back = () => setAddress(here());
    window.addEventListener("popstate", back);
    return () => window.removeEventListener("popstate", back);
  }, []);
  const move = useCallback((next: Address, step: boolean) => {
    const url = print(next);
    if (url === window.location.pathname + window.location.search) return;
    if (step) window.history.pushState(null, "", url);
    else window.history.replaceState(null, "", url);
    setAddress(next);
  }, []);
  const language = isLanguage(address.query.lang) ? address.query.lang : preferredLanguage(navigator.languages);
  const chosen = address.query.theme;
  const theme: Theme = chosen === "light" || chosen === "dark" ? chosen : systemDark ? "dark" : "light";
  useEffect(() => {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    document.documentElement.dataset.theme = theme;
  }, [language, theme]);
  const page = useMemo<Page>(
    () => ({
      address,
      language,
      theme,
      link: (path, changes) => print(elsewhere(address, path, changes)),
      open: (path, changes) => {
        move(elsewhere(here(), path, changes), true);
        window.scrollTo(0, 0);
      },
      set: (changes, step = false) => move(changed(here(), changes), step),
    }),
    [address, language, theme, move],
  );
  return <Context.Provider value={page}>{children}</Context.Provider>;
}

/** Whether a media query holds, followed as it changes. */
export function useMedia(query: string): boolean {
  const [holds, setHolds] = useState(() => window.matchMedia(query).matches);
  useEffect(() => {
    const list = window.matchMedia(query);
    const change = () => setHolds(list.matches);
    change();
    list.addEventListener("change", change);
    return () => list.removeEventListener("change", change);
  }, [query]);
  return holds;
}
