import { describe, expect, it } from "vitest";
import { BEGINNING, drugLine, freeName, packed, protocol, quoted, unpacked } from "../src/trial/draft";

describe("a draft", () => {
  it("survives the address", () => {
    expect(unpacked(packed(BEGINNING))).toEqual(BEGINNING);
  });

  it.each(["", "{}", "[]", "null", '["t",[],{},[1,2],[1,2,3]]', '["t",[["A","",1,"else",[]]],{},[1,2],[1,2,3]]'])(
    "is not read from %s",
    (text) => {
      expect(unpacked(text)).toBeNull();
    },
  );

  it("refuses a covariate whose name would be more than a key", () => {
    const evil = JSON.parse(packed(BEGINNING)) as unknown[];
    evil[2] = { "x: 1\ny": ["a"] };
    expect(unpacked(JSON.stringify(evil))).toBeNull();
  });
});

describe("the protocol of a draft", () => {
  it("has every arm, drug and contrast against the last arm", () => {
    const text = protocol(BEGINNING);
    expect(text).toContain("      - anlotinib 12 mg daily d1-14 q3w\n");
    expect(text).toContain("  - {experimental: combination, control: chemotherapy}\n");
    expect(text).toContain("eligibility:\n  egfr: [wild-type]\n");
    expect(text.match(/source: assumed/g)).toHaveLength(6);
  });

  it("leaves out an eligibility that admits all, and contrasts of one arm", () => {
    const text = protocol({ ...BEGINNING, eligibility: { egfr: [] }, arms: [BEGINNING.arms[0]!] });
    expect(text).not.toContain("eligibility");
    expect(text).not.toContain("contrasts");
  });

  it.each(["a: b", "- x", "#", "yes", "1", ">=50%", " a", "Ä", ""])("quotes %j", (text) => {
    expect(quoted(text)).toBe(JSON.stringify(text));
  });
});

describe("parts of a draft", () => {
  it("are a drug and its dose", () => {
    expect(drugLine(" bevacizumab  15 mg/kg q3w ")).toEqual({ drug: "bevacizumab", dose: "15 mg/kg q3w" });
  });

  it("get names that are not taken", () => {
    expect(freeName([{ ...BEGINNING.arms[0]!, id: "A" }])).toBe("B");
  });
});
