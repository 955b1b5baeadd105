// @vitest-environment happy-dom
import { describe, expect, it } from "vitest";
import { scale } from "../src/parts/contrasts";
import { picture } from "../src/parts/picture";
import { lastStep, read, scaled, type Curve } from "../src/parts/steps";
import { numeric } from "../src/parts/table";

const curve: Curve = { id: "A", colour: "#000000", months: [0, 2, 5], survival: [100, 80, 50], at_risk: [10, 8, 5] };

describe("a step curve", () => {
  it.each([
    [-1, -1],
    [0, 0],
    [1.99, 0],
    [2, 1],
    [9, 2],
  ])("at %s stands on step %s", (time, step) => {
    expect(lastStep(curve.months, time)).toBe(step);
  });

  it("finds the same step as a search from the front", () => {
    const months = Array.from({ length: 200 }, (_, index) => index * 0.37);
    for (let time = -1; time < 80; time += 0.61) {
      expect(lastStep(months, time)).toBe(months.filter((month) => month <= time).length - 1);
    }
  });

  it("is read at a step, holds between steps and says nothing after its end", () => {
    expect(read(curve, 2)).toEqual({ survival: 80, atRisk: 8 });
    expect(read(curve, 4.9)?.survival).toBe(80);
    expect(read(curve, 5)).toEqual({ survival: 50, atRisk: 5 });
    expect(read(curve, 5.1)).toBeNull();
    expect(read(curve, -0.1)).toBeNull();
  });

  it("is mapped linearly onto the drawing", () => {
    expect(scaled(6, [0, 24], [100, 500])).toBe(200);
    expect(scaled(0.25, [0, 1], [300, 20])).toBe(230);
  });
});

describe("the scale of hazard ratios", () => {
  it("includes 1 and every end of an interval", () => {
    expect(scale([{ value: 0.6, low: 0.3, high: 0.9 }])).toEqual({ low: 0.25, high: 1 });
    expect(scale([{ value: 1.5, low: 1.2, high: 2.3 }])).toEqual({ low: 1, high: 4 });
  });
});

describe("a table", () => {
  it("sets columns of numbers to the right, not texts, and not the first", () => {
    const table = {
      title: "t",
      columns: ["a", "b", "c", "d"],
      rows: [
        ["1", "12 %", "0.61 (0.52–0.72)", "ABCP"],
        ["2", "–", "0.7（0.5–1.0）", "3"],
      ],
    };
    expect(numeric(table)).toEqual([false, true, true, false]);
  });
});

describe("a drawing of the server", () => {
  const svg = (inside: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="10" height="5">${inside}</svg>`;

  it("loses what could run, load or restyle", () => {
    const drawn = picture(
      svg(
        '<script>alert(1)</script><a href="https://example.org"><text onclick="x()" style="fill: #123456; cursor: pointer">A</text></a><use href="#a"/>',
      ),
    )!;
    expect(drawn.querySelector("script")).toBeNull();
    expect(drawn.querySelector("a")!.hasAttribute("href")).toBe(false);
    expect(drawn.querySelector("use")!.getAttribute("href")).toBe("#a");
    const text = drawn.querySelector("text")!;
    expect(text.hasAttribute("onclick")).toBe(false);
    expect(text.hasAttribute("style")).toBe(false);
    expect(text.getAttribute("fill")).toBe("#123456");
  });

  it("is one image: its marks have no role, and no title makes a tooltip", () => {
    const drawn = picture(svg('<title>T</title><desc>D</desc><g role="graphics-symbol" aria-roledescription="x"/>'))!;
    expect(drawn.querySelector("title, desc")).toBeNull();
    expect(drawn.querySelector("g")!.hasAttribute("role")).toBe(false);
    expect(drawn.querySelector("g")!.hasAttribute("aria-roledescription")).toBe(false);
  });

  it("is refused when it is no SVG", () => {
    expect(picture("<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>")).toBeNull();
  });
});
