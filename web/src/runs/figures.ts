/** Which figures of a run are shown together. */

export const GROUPS = ["survival", "response", "forest", "subgroups", "states", "safety", "flow", "other"] as const;
export type Group = (typeof GROUPS)[number];
export type FigureName = { readonly name: string; readonly title: string; readonly group?: string | null };

/** The groups that have figures, in their order; a figure of an unknown group is among the others. */
export function groups(
  figures: readonly FigureName[],
): readonly { readonly group: Group; readonly figures: readonly FigureName[] }[] {
  const own = ({ group }: FigureName): Group => GROUPS.find((known) => known === group) ?? "other";
  return GROUPS.map((group) => ({ group, figures: figures.filter((figure) => own(figure) === group) })).filter(
    (entry) => entry.figures.length > 0,
  );
}
