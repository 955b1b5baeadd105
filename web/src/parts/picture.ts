/** Turn the server's SVG text into an element that may be shown: nothing in it runs, links out or carries styles. */

const REMOVED = "script, foreignObject, iframe, style, animate, set";

/** Parse an SVG; null when the text is not one. Style attributes become presentation attributes or are dropped. */
export function picture(svg: string): SVGSVGElement | null {
  // a style attribute would be refused, with a message in the console, as soon as it is parsed
  const text = svg.replace(/\sstyle="([^"]*)"/g, (_, rules: string) => presentation(rules));
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  if (root.localName !== "svg") return null;
  for (const element of root.querySelectorAll(REMOVED)) element.remove();
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const { name, value } of [...element.attributes]) {
      const reference = name === "href" || name.endsWith(":href");
      // the drawing is one image with one description; its marks have none of their own
      const spoken = element !== root && (name === "role" || name.startsWith("aria-"));
      if (spoken || name.startsWith("on") || (reference && !value.startsWith("#"))) element.removeAttribute(name);
    }
  }
  // a title would be shown as a tooltip wherever the pointer rests; the figure is named by its `aria-label`
  for (const element of root.querySelectorAll(":scope > title, :scope > desc")) element.remove();
  root.removeAttribute("aria-labelledby");
  return document.importNode(root, true) as unknown as SVGSVGElement;
}

const PRESENTATION = new Set(["fill", "stroke", "opacity", "font-weight", "font-style", "text-anchor"]);

function presentation(rules: string): string {
  const kept = rules.split(";").flatMap((rule) => {
    const [name, value] = rule.split(":").map((part) => part.trim());
    return name && value && PRESENTATION.has(name) ? [` ${name}="${value}"`] : [];
  });
  return kept.join("");
}
