/** Numbers, intervals and durations as they are written on the page, in either language. */

import type { Language } from "./index";

/** What is written where no value exists. */
export const NO_VALUE = "–";

/** A number with fixed decimals and a true minus sign; the dash of a missing value when there is none. */
export function number(value: number | null | undefined, decimals = 2): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NO_VALUE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = value.toFixed(decimals);
  return Number(text) === 0 ? text.replace("-", "") : text.replace("-", "−");
}

/** A whole number with thin groups of thousands. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return String(Math.round(value)).replace("-", "−").replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

/** A fraction between 0 and 1 as a percentage. */
export function percent(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NO_VALUE;
  return `${number(100 * value, decimals)}%`;
}

/** "0.61 (0.52–0.72)", as the figures and reports write it. */
export function estimate(
  value: number | null | undefined,
  low: number | null | undefined,
  high: number | null | undefined,
  decimals = 2,
  language: Language = "en",
): string {
  if (value === null || value === undefined) return NO_VALUE;
  if (low === null || low === undefined || high === null || high === undefined) return number(value, decimals);
  const [open, close] = language === "zh" ? ["（", "）"] : [" (", ")"];
  return `${number(value, decimals)}${open}${number(low, decimals)}–${number(high, decimals)}${close}`;
}

/** A time span in the largest unit that keeps it readable: 8 s, 3 min, 1.5 h. */
export function duration(seconds: number | null | undefined, language: Language): string {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds) || seconds < 0) return NO_VALUE;
  const units = language === "zh" ? [" 秒", " 分钟", " 小时"] : [" s", " min", " h"];
  if (seconds < 10) return `${number(seconds, seconds < 1 ? 1 : 0)}${units[0]}`;
  if (seconds < 90) return `${Math.round(seconds)}${units[0]}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}${units[1]}`;
  return `${number(seconds / 3600, 1)}${units[2]}`;
}

/** A date and time of ISO 8601 in the reader's time zone, without seconds. */
export function moment(text: string | null | undefined): string {
  if (!text) return NO_VALUE;
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return text;
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}
