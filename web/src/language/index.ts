/** Texts in English and Chinese: each area of the page has one `texts.ts`, whose keys the compiler knows. */

export type Language = "en" | "zh";
export const LANGUAGES: readonly Language[] = ["en", "zh"];
export const LANGUAGE_NAMES: Record<Language, string> = { en: "English", zh: "中文" };

export type Text = { readonly en: string; readonly zh: string };
export type Texts = Readonly<Record<string, Text>>;
export type Values = Readonly<Record<string, string | number>>;

/** Keep the keys of a catalogue known to the compiler; a text without one of its languages does not compile. */
export function texts<T extends Texts>(catalogue: T): T {
  return catalogue;
}

/** Fill the `{name}` places of a text. A name without a value stays visible rather than becoming empty. */
export function fill(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}

export type Say<T extends Texts> = (key: keyof T & string, values?: Values) => string;

/** Return the function that says a catalogue's texts in one language. */
export function speaker<T extends Texts>(catalogue: T, language: Language): Say<T> {
  return (key, values) => fill(catalogue[key]![language], values);
}

export function isLanguage(value: unknown): value is Language {
  return value === "en" || value === "zh";
}

/** The language of a browser without a choice in the address: Chinese if it is asked for first, otherwise English. */
export function preferredLanguage(languages: readonly string[]): Language {
  const first = languages.find((code) => /^(zh|en)\b/i.test(code));
  return first !== undefined && /^zh/i.test(first) ? "zh" : "en";
}
