import { describe, expect, it } from "vitest";
import { ratio, type Contrast } from "../src/parts/contrasts";
import { shared, sharedFigures } from "../src/runs/shared";

const row = (experimental: string, value: number): Contrast => ({
  population: "all",
  endpoint: "PFS",
  experimental,
  control: "C",
  value,
  low: 0.5,
  high: 1.5,
  published: null,
});
const sets = [{ id: "all", title: "everyone" }];

describe("runs side by side", () => {
  it("have a row for every ratio of any of them", () => {
    const rows = shared([
      { sets, contrasts: [row("A", 0.7), row("B", 0.8)] },
      { sets, contrasts: [row("B", 0.9)] },
    ]);
    expect(rows.map(({ experimental, set }) => [experimental, set])).toEqual([
      ["A", "everyone"],
      ["B", "everyone"],
    ]);
    expect(rows[0]!.contrasts.map((one) => one?.value ?? null)).toEqual([0.7, null]);
    expect(rows[1]!.contrasts.map((one) => one?.value ?? null)).toEqual([0.8, 0.9]);
  });

  it("show the figures that at least two of them have", () => {
    const figure = (number: number, name: string) => ({ number, name, title: name });
    const found = sharedFigures([
      { id: "x", figures: [figure(0, "km"), figure(1, "swimmer")] },
      { id: "y", figures: [figure(3, "km")] },
    ]);
    expect(found).toEqual([
      {
        name: "km",
        numbers: [
          { run: "x", number: 0, title: "km" },
          { run: "y", number: 3, title: "km" },
        ],
      },
    ]);
  });
});

describe("a ratio", () => {
  it("is none where the row has none", () => {
    expect(ratio(row("A", 0.7), "published")).toBeNull();
    expect(ratio(row("A", 0.7), "components")).toBeNull();
    expect(ratio(row("A", 0.7), "mechanism")).toEqual({ value: 0.7, low: 0.5, high: 1.5 });
  });
});
