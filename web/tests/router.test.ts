import { describe, expect, it } from "vitest";
import { changed, elsewhere, match, parse, print } from "../src/router";
import { ROUTES, route, SECTIONS } from "../src/views";

describe("addresses", () => {
  it("are read into path and query and written back", () => {
    const url = "/evidence/studies/impower150?lang=zh&theme=dark&q=a%26b";
    expect(parse(url)).toEqual({
      path: "/evidence/studies/impower150",
      query: { lang: "zh", theme: "dark", q: "a&b" },
    });
    expect(print(parse(url))).toBe(url);
  });

  it("ignore a slash at the end", () => {
    expect(parse("/runs/").path).toBe("/runs");
    expect(parse("/").path).toBe("/");
  });

  it("lose a place that is set to nothing", () => {
    expect(changed(parse("/?lang=zh&dose=2"), { dose: null, lang: "" }).query).toEqual({});
  });

  it("keep language and theme, and nothing else, in another view", () => {
    expect(print(elsewhere(parse("/?lang=zh&theme=dark&dose=2"), "/runs", { q: "x" }))).toBe(
      "/runs?lang=zh&theme=dark&q=x",
    );
  });
});

describe("patterns", () => {
  it("give decoded places", () => {
    expect(match("/runs/:id", "/runs/a%20b")).toEqual({ id: "a b" });
  });

  it.each(["/runs", "/runs/", "/runs/a/b", "/run/a", "/runs/%E0%A4%A"])("refuse %s", (path) => {
    expect(match("/runs/:id", path)).toBeNull();
  });
});

describe("views", () => {
  it("open at every address of the navigation, in its own section", () => {
    for (const { section, path } of SECTIONS) expect(route(path)?.route.section).toBe(section);
  });

  it("have distinct patterns", () => {
    expect(new Set(ROUTES.map(({ pattern }) => pattern)).size).toBe(ROUTES.length);
  });

  it("do not open at an unknown address", () => {
    expect(route("/nowhere")).toBeNull();
  });
});
