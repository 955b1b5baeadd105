/** The address is the state of the page: a path, and a query that holds language, theme and every choice of a view. */

export type Query = Readonly<Record<string, string>>;
export type Address = { readonly path: string; readonly query: Query };
export type Changes = Readonly<Record<string, string | null | undefined>>;

/** What stays in the query when another view is opened. */
const KEPT = ["lang", "theme"];

export function parse(url: string): Address {
  const { pathname, searchParams } = new URL(url, "http://page.invalid");
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, "") : pathname;
  return { path: path === "" ? "/" : path, query: Object.fromEntries(searchParams) };
}

export function print(address: Address): string {
  const search = new URLSearchParams(Object.entries(address.query)).toString();
  return search ? `${address.path}?${search}` : address.path;
}

/** The address with some places of its query changed; null or an empty text removes a place. */
export function changed(address: Address, changes: Changes): Address {
  const query: Record<string, string> = { ...address.query };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") delete query[name];
    else query[name] = value;
  }
  return { path: address.path, query };
}

/** The address of another view, in the same language and theme. */
export function elsewhere(from: Address, path: string, changes: Changes = {}): Address {
  const kept = Object.fromEntries(KEPT.flatMap((name) => (name in from.query ? [[name, from.query[name]!]] : [])));
  return changed({ path, query: kept }, changes);
}

/** Match a path with a pattern such as "/runs/:id"; its places decoded, or null. */
export function match(pattern: string, path: string): Query | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  if (wanted.length !== given.length) return null;
  const places: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index]!;
    if (part.startsWith(":")) {
      if (value === "") return null;
      try {
        places[part.slice(1)] = decodeURIComponent(value);
      } catch {
        return null;
      }
    } else if (part !== value) return null;
  }
  return places;
}
