/** A formula as it is set in print: names with subscripts, a centred dot for a product, functions upright. */

import type { ComponentChildren } from "preact";

const TOKEN = /([A-Za-z][A-Za-z0-9_]*)|(\*\*)|(\*)|(>=|<=)|([^A-Za-z*]+?)(?=[A-Za-z*<>]|$)/g;

/** Set a formula; the part of it that equals `here` is marked. */
export function Formula({ left, right, here }: { left: string; right: string; here?: string }) {
  const place = here ? right.indexOf(here) : -1;
  return (
    <span class="formula">
      {left && (
        <>
          {set(left)}
          {" = "}
        </>
      )}
      {place < 0 ? (
        set(right)
      ) : (
        <>
          {set(right.slice(0, place))}
          <mark class="here">{set(here!)}</mark>
          {set(right.slice(place + here!.length))}
        </>
      )}
    </span>
  );
}

export function set(text: string): ComponentChildren[] {
  const parts: ComponentChildren[] = [];
  for (const token of text.matchAll(TOKEN)) {
    const [all, name, power, product] = token;
    const after = text[token.index + all.length];
    if (name !== undefined) parts.push(symbol(name, after === "("));
    else if (power !== undefined) parts.push("^");
    else if (product !== undefined) parts.push("\u2009·\u2009");
    else parts.push(all.replace(/ - /g, " − ").replace(/^-/, "−"));
  }
  return parts;
}

function symbol(name: string, isFunction: boolean): ComponentChildren {
  const rate = /^d([A-Za-z0-9]+)$/.exec(name);
  if (name === "dt") return name;
  const [base, ...rest] = (rate ? rate[1]! : name).split("_");
  const body = (
    <>
      {rate && "d"}
      {base}
      {rest.length > 0 && <sub>{rest.join(",")}</sub>}
    </>
  );
  return isFunction ? <span class="upright">{body}</span> : <>{body}</>;
}
