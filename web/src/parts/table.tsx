/** A table as the server writes it, titles and cells in the reader's language. */

import { useTexts } from "../state";
import texts from "./texts";

export type Cell = string | number | null;
export type TableContent = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly note?: string | null;
  /** Rows that are headings of the rows below them. */
  readonly groups?: readonly number[] | null;
  /** Cells [row, column] that are emphasised. */
  readonly emphasis?: readonly (readonly [number, number])[] | null;
  /** Cells [row, column, tone] that say something is "good" or "bad". */
  readonly tones?: readonly (readonly [number, number, string])[] | null;
};

/** Characters beyond which a cell is broken into lines. */
const LONG = 34;
const isLong = (cell: Cell | undefined) => typeof cell === "string" && cell.length > LONG;

const NUMERIC = /^[<>≤≥−+-]?\s?[\d.,\u202f]+\s?%?( ?[(（].*[)）])?$|^–$/;

/** Columns that hold numbers in every row that has something: they are set to the right. */
export function numeric(table: TableContent): readonly boolean[] {
  return table.columns.map((_, column) => {
    if (column === 0) return false;
    const cells = table.rows.map((row) => row[column]).filter((cell) => cell !== null && cell !== undefined && cell !== "");
    return cells.length > 0 && cells.every((cell) => typeof cell === "number" || NUMERIC.test(String(cell)));
  });
}

export function Table({ table, untitled }: { table: TableContent; untitled?: boolean }) {
  const say = useTexts(texts);
  const right = numeric(table);
  const groups = new Set(table.groups ?? []);
  const strong = new Set((table.emphasis ?? []).map(([row, column]) => `${row},${column}`));
  const tones = new Map((table.tones ?? []).map(([row, column, tone]) => [`${row},${column}`, tone]));
  return (
    <div class="table">
      <div class="scroll" tabIndex={0} role="region" aria-label={say("table.region", { title: table.title })}>
        <table>
          <caption class={untitled ? "unseen" : undefined}>{table.title}</caption>
          <thead>
            <tr>
              {table.columns.map((title, column) => (
                <th scope="col" key={column} class={right[column] ? "number" : isLong(title) ? "long" : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {table.rows.map((row, index) =>
              groups.has(index) ? (
                <tr class="group" key={index}>
                  <th scope="rowgroup" colSpan={table.columns.length}>
                    {row[0]}
                  </th>
                </tr>
              ) : (
                <tr key={index}>
                  {row.map((cell, column) => {
                    const place = `${index},${column}`;
                    const toned = tones.has(place) ? <span class={`tone ${tones.get(place)}`}>{cell}</span> : cell;
                    const content = strong.has(place) ? <strong>{toned}</strong> : toned;
                    if (column === 0)
                      return (
                        <th scope="row" key={column} class={isLong(cell) ? "long" : undefined}>
                          {content}
                        </th>
                      );
                    return (
                      <td key={column} class={right[column] ? "number" : isLong(cell) ? "long" : undefined}>
                        {content}
                      </td>
                    );
                  })}
                </tr>
              ),
            )}
          </tbody>
        </table>
      </div>
      {table.note && <p class="note">{table.note}</p>}
    </div>
  );
}
