import { describe, expect, it } from "vitest";
import { fill, preferredLanguage, speaker, type Texts } from "../src/language";
import { duration, estimate, number, percent, count } from "../src/language/format";

const catalogues = import.meta.glob<{ default: Texts }>("../src/**/texts.ts", { eager: true });
const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1]).sort();
const CHINESE = /\p{Script=Han}/u;

describe("catalogues", () => {
  it("exist", () => {
    expect(Object.keys(catalogues).length).toBeGreaterThan(1);
  });

  for (const [file, { default: catalogue }] of Object.entries(catalogues)) {
    it(`${file} has every text in both languages, with the same places`, () => {
      for (const [key, text] of Object.entries(catalogue)) {
        expect(text.en.trim(), `${key} en`).not.toBe("");
        expect(text.zh.trim(), `${key} zh`).not.toBe("");
        expect(places(text.zh), `${key} places`).toEqual(places(text.en));
        expect(CHINESE.test(text.en), `${key} has Chinese in its English text`).toBe(false);
      }
    });

    it(`${file} translates every sentence`, () => {
      for (const [key, text] of Object.entries(catalogue)) {
        const words = text.en.replace(/\{\w+\}|`[^`]*`/g, "").match(/[A-Za-z]{3,}/g) ?? [];
        if (words.length > 3) expect(CHINESE.test(text.zh), `${key} is not Chinese`).toBe(true);
      }
    });
  }

  it("define no key twice", () => {
    const keys = Object.values(catalogues).flatMap(({ default: catalogue }) => Object.keys(catalogue));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });
});

describe("texts", () => {
  it("are filled by name, and keep a place without a value", () => {
    expect(fill("{a} of {b}", { a: 1 })).toBe("1 of {b}");
  });

  it("are said in the language asked for", () => {
    const say = speaker({ hello: { en: "Hello {who}", zh: "{who}你好" } }, "zh");
    expect(say("hello", { who: "X" })).toBe("X你好");
  });

  it("follow the browser: Chinese when it comes before English", () => {
    expect(preferredLanguage(["zh-CN", "en"])).toBe("zh");
    expect(preferredLanguage(["de", "en-GB", "zh"])).toBe("en");
    expect(preferredLanguage(["de"])).toBe("en");
  });
});

describe("numbers", () => {
  it.each([
    [-0.5, 1, "−0.5"],
    [-0.001, 2, "0.00"],
    [0.615, 2, "0.61"],
    [null, 2, "–"],
    [Number.NaN, 2, "–"],
    [Number.POSITIVE_INFINITY, 2, "∞"],
  ])("%s with %s decimals is %s", (value, decimals, text) => {
    expect(number(value, decimals)).toBe(text);
  });

  it("are grouped, and percentages rounded", () => {
    expect(count(1234567)).toBe("1\u202f234\u202f567");
    expect(percent(0.634)).toBe("63%");
  });

  it("carry their interval, in either language", () => {
    expect(estimate(0.61, 0.52, 0.72)).toBe("0.61 (0.52–0.72)");
    expect(estimate(0.61, 0.52, 0.72, 2, "zh")).toBe("0.61（0.52–0.72）");
    expect(estimate(0.61, null, null)).toBe("0.61");
    expect(estimate(null, 1, 2)).toBe("–");
  });

  it("of seconds become the unit that reads best", () => {
    expect(duration(0.42, "en")).toBe("0.4 s");
    expect(duration(75, "en")).toBe("75 s");
    expect(duration(600, "zh")).toBe("10 分钟");
    expect(duration(9000, "en")).toBe("2.5 h");
    expect(duration(Number.NaN, "en")).toBe("–");
  });
});
