/** Who would be enrolled: shares of levels, medians with quartiles, and published values beside them. */

import { number } from "../language/format";
import { usePage, useTexts } from "../state";
import { Table } from "../parts/table";
import texts from "./texts";

export type TableOneRow = {
  readonly title: string;
  readonly unit?: string | null;
  readonly levels?: Readonly<Record<string, number>> | null;
  readonly median?: number | null;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly simulated?: number | null;
  readonly published?: number | null;
};

/** A number with about three digits that matter. */
function short(value: number): string {
  const size = Math.abs(value);
  return number(value, size >= 100 || size === 0 ? 0 : size >= 1 ? 1 : 3);
}

export function TableOne({ rows }: { rows: readonly TableOneRow[] }) {
  const say = useTexts(texts);
  const { language } = usePage();
  const [open, close] = language === "zh" ? ["（", "）"] : [" (", ")"];
  const published = rows.some((row) => row.published !== null && row.published !== undefined);
  const words = (row: TableOneRow): string => {
    if (row.levels) {
      const levels = Object.entries(row.levels);
      // of yes and no, the share of yes is enough
      if (levels.every(([level]) => /^[01](\.0)?$/.test(level)))
        return `${number(levels.filter(([level]) => level.startsWith("1")).reduce((sum, [, share]) => sum + share, 0), 0)}%`;
      return levels.map(([level, share]) => `${level} ${number(share, 0)}%`).join(language === "zh" ? "，" : ", ");
    }
    if (row.median !== null && row.median !== undefined)
      return `${short(row.median)}${open}${short(row.low ?? NaN)}–${short(row.high ?? NaN)}${close}`;
    return row.simulated === null || row.simulated === undefined ? "–" : short(row.simulated);
  };
  return (
    <section class="panel table-one">
      <Table
        table={{
          title: say("trial.table_one"),
          columns: [
            say("trial.table_one.quantity"),
            say("trial.table_one.value"),
            ...(published ? [say("trial.table_one.published")] : []),
          ],
          rows: rows.map((row) => [
            row.unit && row.unit !== "1" ? `${row.title}, ${row.unit}` : row.title,
            words(row),
            ...(published ? [row.published === null || row.published === undefined ? "" : short(row.published)] : []),
          ]),
          note: say("trial.table_one.note"),
        }}
      />
    </section>
  );
}
