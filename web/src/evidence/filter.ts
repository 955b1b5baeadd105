/** Which studies a search and filters leave, and in which order; all within the page, so that every key stroke counts at once. */

import type { Query } from "../router";
import type { StudyRow } from "./types";

/** Filters by one value of a study. */
export const FIELDS = ["line", "histology", "pdl1", "egfr"] as const;
export type Field = (typeof FIELDS)[number];

export type SortKey = "id" | "year" | "n" | "hr_pfs" | "hr_os";
export const SORTED: readonly SortKey[] = ["id", "year", "n", "hr_pfs", "hr_os"];

/** Everything of a study that a search looks at, in small letters. */
export function searched(study: StudyRow): string {
  const arms = study.arms.flatMap((arm) => [arm.label, ...arm.classes]);
  return [study.id, study.title, study.design, study.region, ...arms].join(" ").toLocaleLowerCase();
}

export function filtered(
  studies: readonly StudyRow[],
  texts: ReadonlyMap<string, string>,
  query: Query,
): readonly StudyRow[] {
  const words = (query.search ?? "").toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const kept = studies.filter(
    (study) =>
      FIELDS.every((field) => !query[field] || study[field] === query[field]) &&
      (!query.class || study.arms.some((arm) => arm.classes.some((one) => one.startsWith(query.class!)))) &&
      words.every((word) => texts.get(study.id)!.includes(word)),
  );
  const [key, down] = order(query.sort);
  if (key === null) return kept;
  return [...kept].sort((one, other) => {
    const [a, b] = [value(one, key), value(other, key)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    const rising = typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b);
    return down ? -rising : rising;
  });
}

/** The column of a text such as "-year", and whether the largest comes first. */
export function order(text: string | undefined): readonly [SortKey | null, boolean] {
  const key = (text ?? "").replace(/^-/, "");
  return (SORTED as readonly string[]).includes(key) ? [key as SortKey, text!.startsWith("-")] : [null, false];
}

function value(study: StudyRow, key: SortKey): string | number | null {
  if (key === "hr_pfs" || key === "hr_os") return study[key]?.value ?? null;
  return study[key];
}

/** Values that a field takes, the commonest first. */
export function choices(studies: readonly StudyRow[], field: Field): readonly string[] {
  return common(studies.map((study) => study[field]));
}

/** Classes of treatment without their kinds ("ICI" of "ICI/PD-L1"), then with them. */
export function classes(studies: readonly StudyRow[]): readonly string[] {
  const all = studies.flatMap((study) => [...new Set(study.arms.flatMap((arm) => arm.classes))]);
  return common(all.flatMap((one) => (one.includes("/") ? [one.split("/")[0]!, one] : [one]))).slice(0, 24);
}

function common(values: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of values) if (one) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts.keys()].sort((one, other) => counts.get(other)! - counts.get(one)!);
}
