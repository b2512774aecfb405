// The language and the look that were chosen, kept in this browser: nothing else of the page is.

import { en, type Words } from "../words/en";
import { zhHant } from "../words/zh-Hant";

export const languages: Record<string, Words> = { en, "zh-Hant": zhHant };

export type Look = "auto" | "light" | "dark";

let current: Words = en;
const listeners = new Set<() => void>();

export function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function store(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds until the page is closed.
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(name);
  } catch {
    // There was none.
  }
}

function fits(): string {
  for (const tag of navigator.languages) {
    if (/^zh/i.test(tag)) return "zh-Hant";
    if (/^en/i.test(tag)) return "en";
  }
  return "en";
}

function use(words: Words): void {
  current = words;
  document.documentElement.lang = words.tag;
  document.documentElement.dir = words.direction;
}

export function w(): Words {
  return current;
}

export function setLanguage(tag: string): void {
  use(languages[tag] ?? en);
  store("language", tag);
  listeners.forEach((l) => l());
}

export function onLanguage(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function look(): Look {
  const value = stored("look");
  return value === "light" || value === "dark" ? value : "auto";
}

export function setLook(value: Look): void {
  store("look", value);
  useLook();
}

function useLook(): void {
  const value = look();
  if (value === "auto") delete document.documentElement.dataset.look;
  else document.documentElement.dataset.look = value;
}

export function begin(): void {
  use(languages[stored("language") ?? fits()] ?? en);
  useLook();
}

// ---- Times and numbers ----

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = current.tag + JSON.stringify(options);
  let made = formats.get(key);
  if (made === undefined) {
    made = new Intl.DateTimeFormat(current.tag, options);
    formats.set(key, made);
  }
  return made;
}

function daysAgo(time: number): number {
  const midnight = (t: number) => new Date(t).setHours(0, 0, 0, 0);
  return Math.round((midnight(Date.now()) - midnight(time)) / 86_400_000);
}

export function timeText(time: number): string {
  return format({ hour: "numeric", minute: "2-digit" }).format(time);
}

export function dayText(time: number): string {
  const ago = daysAgo(time);
  if (ago === 0) return current.today;
  if (ago === 1) return current.yesterday;
  if (ago > 1 && ago < 7) return format({ weekday: "long" }).format(time);
  const thisYear = new Date(time).getFullYear() === new Date().getFullYear();
  return format({ day: "numeric", month: "long", year: thisYear ? undefined : "numeric" }).format(time);
}

// The shortest that says when: for the list of conversations.
export function shortTime(time: number): string {
  const ago = daysAgo(time);
  if (ago === 0) return timeText(time);
  if (ago === 1) return current.yesterday;
  if (ago > 1 && ago < 7) return format({ weekday: "short" }).format(time);
  return format({ dateStyle: "short" }).format(time);
}

export function dateText(time: number): string {
  return format({ dateStyle: "medium" }).format(time);
}

export function fullTime(time: number): string {
  return format({ dateStyle: "full", timeStyle: "short" }).format(time);
}

export function numberText(value: number): string {
  return new Intl.NumberFormat(current.tag).format(value);
}

export function durationText(seconds: number): string {
  for (const [unit, length] of [
    ["week", 604_800],
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const)
    if (seconds % length === 0)
      return new Intl.NumberFormat(current.tag, { style: "unit", unit, unitDisplay: "long" }).format(seconds / length);
  return new Intl.NumberFormat(current.tag, { style: "unit", unit: "second", unitDisplay: "long" }).format(seconds);
}

export function sizeText(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return new Intl.NumberFormat(current.tag, {
    style: "unit",
    unit: units[unit],
    unitDisplay: unit === 0 ? "long" : "short",
    maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0,
  }).format(value);
}
