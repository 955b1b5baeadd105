/** Which view an address opens. Each view is loaded when it is first needed. */

import type { ComponentType } from "preact";
import { match, type Query } from "./router";

export type ViewProperties = { readonly places: Query };
type Loader = () => Promise<{ default: ComponentType<ViewProperties> }>;
export type Section = "first" | "mechanism" | "build" | "runs" | "evidence" | "scoreboard" | "questions";
export type Route = { readonly pattern: string; readonly section: Section; readonly load: Loader };

const first: Loader = () => import("./first/view");
const mechanism: Loader = () => import("./mechanism/view");
const build: Loader = () => import("./trial/view");
const runs: Loader = () => import("./runs/list");
const run: Loader = () => import("./runs/view");
const evidence: Loader = () => import("./evidence/view");
const scoreboard: Loader = () => import("./scoreboard/view");
const questions: Loader = () => import("./questions/view");

export const ROUTES: readonly Route[] = [
  { pattern: "/", section: "first", load: first },
  { pattern: "/mechanism", section: "mechanism", load: mechanism },
  { pattern: "/trial", section: "build", load: build },
  { pattern: "/runs", section: "runs", load: runs },
  { pattern: "/runs/:id", section: "runs", load: run },
  { pattern: "/evidence", section: "evidence", load: evidence },
  { pattern: "/evidence/:part", section: "evidence", load: evidence },
  { pattern: "/evidence/:part/:id", section: "evidence", load: evidence },
  { pattern: "/scoreboard", section: "scoreboard", load: scoreboard },
  { pattern: "/questions", section: "questions", load: questions },
  { pattern: "/questions/:verb", section: "questions", load: questions },
  { pattern: "/questions/:verb/:name", section: "questions", load: questions },
];

/** The views of the navigation, in their order. */
export const SECTIONS: readonly { readonly section: Section; readonly path: string }[] = [
  { section: "first", path: "/" },
  { section: "mechanism", path: "/mechanism" },
  { section: "build", path: "/trial" },
  { section: "runs", path: "/runs" },
  { section: "evidence", path: "/evidence" },
  { section: "questions", path: "/questions" },
  { section: "scoreboard", path: "/scoreboard" },
];

export function route(path: string): { readonly route: Route; readonly places: Query } | null {
  for (const candidate of ROUTES) {
    const places = match(candidate.pattern, path);
    if (places !== null) return { route: candidate, places };
  }
  return null;
}
