import { describe, expect, it } from "vitest";
import type { Job } from "../src/parts/job";
import { answering, asked, isVerb, VERBS } from "../src/questions/verbs";
import questionTexts from "../src/questions/texts";
import { ratioRows, type ForecastOutcome } from "../src/scoreboard/forecasts";

const job = (id: string, state: Job["state"], name = "chemo-free"): Job => ({
  id,
  verb: "compare",
  arguments: { name },
  state,
  created: 0,
});

describe("the job that answers a question", () => {
  it("is the one that runs, then the latest that is done, then the latest", () => {
    const cancelled = job("3", "cancelled");
    const done = job("2", "done");
    expect(answering([cancelled, done], "compare", "chemo-free")).toBe(done);
    expect(answering([cancelled, done, job("1", "running")], "compare", "chemo-free")?.id).toBe("1");
    expect(answering([cancelled], "compare", "chemo-free")).toBe(cancelled);
    expect(answering([done], "compare", "other")).toBeNull();
    expect(answering([done], "explain", "chemo-free")).toBeNull();
  });
});

describe("every verb", () => {
  it("has a question in both languages", () => {
    for (const verb of VERBS) expect(questionTexts[`questions.${verb}`].zh).not.toBe("");
  });

  it("is known by its name alone", () => {
    expect(isVerb("compare")).toBe(true);
    expect(isVerb("toString")).toBe(false);
    expect(isVerb(undefined)).toBe(false);
  });

  it("is written as Python and as a command", () => {
    expect(asked("design-trial", "x").python).toContain('nx.design_trial("x")');
    expect(asked("design-trial", "x").command).toBe("normoxia design-trial x");
  });
});

describe("forecasts", () => {
  const outcome = (endpoint: string, measure: string, origin: string, value: number): ForecastOutcome => ({
    population: "p",
    endpoint,
    measure,
    origin,
    value,
    arm: "A",
    comparator: "C",
    months: null,
    interval: null,
    n: 1,
  });

  it("show the combined ratio before the simulated one, and no other measure", () => {
    const outcomes = [
      outcome("PFS", "hazard ratio", "simulated", 0.5),
      outcome("PFS", "hazard ratio", "joined", 0.6),
      outcome("OS", "hazard ratio", "simulated", 0.7),
      outcome("PFS", "median, months", "simulated", 9),
    ];
    const rows = ratioRows([{ design: "D", limits: [], sha256: "x", outcomes }]);
    expect(rows).toHaveLength(1);
    expect(rows[0]!.pfs?.value).toBe(0.6);
    expect(rows[0]!.os?.value).toBe(0.7);
  });

  it("keep a design of one arm, without ratios", () => {
    const rows = ratioRows([{ design: "D", limits: [], sha256: "x", outcomes: [] }]);
    expect(rows).toEqual([{ design: "D", sha256: "x", arm: "", comparator: "", pfs: null, os: null }]);
  });
});
