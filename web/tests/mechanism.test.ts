import { describe, expect, it } from "vitest";
import { curve } from "../src/mechanism/geometry";
import { GLYPHS } from "../src/mechanism/glyphs";
import { NARROW, WIDE } from "../src/mechanism/plate";
import { arrowMark, at, mark, shown, times } from "../src/mechanism/scale";
import { broken } from "../src/mechanism/words";
import { set } from "../src/mechanism/formula";

describe.each([WIDE, NARROW])("the $name plate", (plate) => {
  const spots = Object.entries(plate.spots);
  it("has a drawing for every node but the tumour, which is a cluster of cells", () => {
    expect(spots.map(([id]) => id).filter((id) => !(id in GLYPHS))).toEqual(["tumour"]);
  });
  it("keeps nodes inside and apart", () => {
    for (const [id, { x, y, r }] of spots) {
      const radius = r ?? plate.radius;
      expect(x - radius, id).toBeGreaterThanOrEqual(0);
      expect(x + radius, id).toBeLessThanOrEqual(plate.width);
      expect(y + radius + 30, id).toBeLessThanOrEqual(plate.height);
      for (const [other, spot] of spots) {
        if (other === id) continue;
        const apart = Math.hypot(x - spot.x, y - spot.y);
        expect(apart, `${id} and ${other}`).toBeGreaterThan(radius + (spot.r ?? plate.radius) + 8);
      }
    }
  });
});

it("both plates hold the same nodes", () => {
  expect(Object.keys(NARROW.spots).sort()).toEqual(Object.keys(WIDE.spots).sort());
});

it("a curve ends at the border of its target, pointing at it", () => {
  const plate = { ...WIDE, spots: { a: { x: 0, y: 0 }, b: { x: 100, y: 0 } }, bows: { "a-b": 0 }, radius: 10 };
  const line = curve(plate, "a-b", "a", "b")!;
  expect(line.end).toEqual([100 - 10 - 4.5, 0]);
  expect(line.angle).toBe(0);
  expect(curve(plate, "a-c", "a", "c")).toBeNull();
});

describe("marks", () => {
  it("show four-fold change of a node and two-fold effect of an arrow in full", () => {
    expect(mark(4, 1)).toEqual({ change: "more", strength: 1 });
    expect(mark(0.5, 1)).toEqual({ change: "less", strength: 0.5 });
    expect(arrowMark(2, 1).strength).toBeCloseTo(1);
    expect(arrowMark(1 / Math.SQRT2, 1)).toEqual({ change: "less", strength: expect.closeTo(0.5) });
  });
  it("are silent for small changes and for what is not known", () => {
    expect(mark(1.02, 1).change).toBe("same");
    expect(mark(null, 1).change).toBe("same");
    expect(mark(0, 0).change).toBe("same");
    expect(mark(0.2, 0)).toEqual({ change: "more", strength: 1 });
  });
});

describe("values", () => {
  it("are read between days", () => {
    expect(at([0, 10, 30], [0, 7, 14], 3.5)).toBe(5);
    expect(at([0, 10, 30], [0, 7, 14], 7)).toBe(10);
    expect(at([0, 10, 30], [0, 7, 14], 99)).toBe(30);
    expect(at([0, null], [0, 7], 3)).toBeNull();
    expect(at(undefined, [0], 0)).toBeNull();
  });
  it("are written in their unit", () => {
    expect(shown(0.42, "share")).toBe("42%");
    expect(shown(0.042, "share")).toBe("4.2%");
    expect(shown(1.8e7, "cells/mL")).toBe("1.8×10⁷");
    expect(shown(0.000077, "per day")).toBe("0.000077");
    expect(shown(12.34, "pM")).toBe("12.3");
    expect(times(5.35, 1)).toBe("×5.35");
    expect(times(12, 1)).toBe("×12");
  });
});

it("titles break at the space or between the letters nearest to the middle", () => {
  expect(broken("CD8 T cells", 15)).toEqual(["CD8 T cells"]);
  expect(broken("Pericyte-covered vessels", 15)).toEqual(["Pericyte-covered", "vessels"]);
  expect(broken("周细胞覆盖的血管", 12)).toEqual(["周细胞覆", "盖的血管"]);
});

it("a formula keeps all its letters, apart from the signs that print sets otherwise", () => {
  const flat = (part: unknown): string => {
    if (typeof part === "string" || typeof part === "number") return String(part);
    if (Array.isArray(part)) return part.map(flat).join("");
    if (part && typeof part === "object" && "props" in part)
      return flat((part as { props: { children?: unknown } }).props.children);
    return "";
  };
  const plain = (text: string) => text.replace(/[\u2009_,]/g, "").replaceAll("·", "*").replaceAll("−", "-").replaceAll("^", "**");
  const formula = "k_V*((1 - f_E - f_M)*vm*up(h, a_VH) + f_M*M2**2)";
  expect(plain(flat(set(formula)))).toBe(formula.replace(/[_,]/g, ""));
});
