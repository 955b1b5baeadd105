import { describe, expect, it } from "vitest";
import { choices, classes, filtered, order, searched } from "../src/evidence/filter";
import { HIGH, LOW, place } from "../src/evidence/interval";
import type { StudyRow } from "../src/evidence/types";

function study(id: string, changed: Partial<StudyRow> = {}): StudyRow {
  return {
    id,
    title: id,
    group: "",
    phase: "3",
    design: "randomised",
    line: "first",
    histology: "non-squamous",
    egfr: "wild-type",
    pdl1: "unselected",
    region: "",
    masking: "",
    year: 2020,
    n: 100,
    discrepancies: 0,
    arms: [{ id: "A", label: "bevacizumab + chemotherapy", n: 50, classes: ["anti-angiogenic/VEGF antibody"] }],
    hr_pfs: null,
    hr_os: null,
    ...changed,
  };
}

const ratio = (value: number) => ({ experimental: "A", control: "B", population: "ITT", value, low: null, high: null });
const studies = [
  study("B", { year: 2018, hr_pfs: ratio(0.9) }),
  study("A", { line: "second", hr_pfs: ratio(0.5) }),
  study("C", { arms: [{ id: "P", label: "pembrolizumab", n: 5, classes: ["ICI/PD-1"] }], year: null }),
];
const texts = new Map(studies.map((one) => [one.id, searched(one)]));
const ids = (query: Record<string, string>) => filtered(studies, texts, query).map(({ id }) => id);

describe("the registry's filters", () => {
  it("search every word in names, drugs and classes, in any case", () => {
    expect(ids({ search: "PEMBRO" })).toEqual(["C"]);
    expect(ids({ search: "chemo vegf" })).toEqual(["B", "A"]);
    expect(ids({ search: "nothing" })).toEqual([]);
  });
  it("join by and", () => {
    expect(ids({ line: "first" })).toEqual(["B", "C"]);
    expect(ids({ line: "first", class: "ICI" })).toEqual(["C"]);
  });
  it("sort either way, with what is missing last", () => {
    expect(ids({ sort: "hr_pfs" })).toEqual(["A", "B", "C"]);
    expect(ids({ sort: "-hr_pfs" })).toEqual(["B", "A", "C"]);
    expect(ids({ sort: "-year" })).toEqual(["A", "B", "C"]);
    expect(ids({ sort: "unknown" })).toEqual(["B", "A", "C"]);
    expect(order("-year")).toEqual(["year", true]);
  });
  it("offer the commonest value first", () => {
    expect(choices(studies, "line")).toEqual(["first", "second"]);
    expect(classes(studies)[0]).toBe("anti-angiogenic");
  });
});

it("an interval's scale is logarithmic and cut off at its ends", () => {
  expect(place(LOW)).toBe(3);
  expect(place(0.01)).toBe(3);
  expect(place(HIGH)).toBe(93);
  const middle = Math.sqrt(LOW * HIGH);
  expect(place(middle)).toBeCloseTo(48);
});
