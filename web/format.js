// Figures as people read them. Times are shown in the time zone of the restaurants, which the API names.

let zone = "UTC";
let currency = "USD";

/** Time zone and currency of everything that is shown from now on. */
export function setPlace(options) {
  zone = options.time_zone;
  currency = options.currency;
}

export const placeZone = () => zone;

const formats = new Map();

function dated(options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone, ...options }));
  return formats.get(key);
}

export const count = (n) => (n === null || n === undefined ? "–" : new Intl.NumberFormat("en").format(n));

export const share = (part) => (part === null || part === undefined ? "–" : `${(part * 100).toFixed(1)} %`);

/** Milliseconds: 720 ms, 1.25 s. */
export function millis(ms) {
  if (ms === null || ms === undefined) return "–";
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
}

/** Seconds as m:ss. */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** An amount; small ones with more digits unless told how many. */
export function money(amount, decimals) {
  if (amount === null || amount === undefined) return "–";
  const digits = decimals ?? (amount !== 0 && Math.abs(amount) < 1 ? 4 : 2);
  return new Intl.NumberFormat("en", {
    style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
  }).format(amount);
}

export const dayAndTime = (at) =>
  dated({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));

export const timeOfDay = (at) => dated({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(new Date(at));

/** A day "2026-11-27", which has no time zone: Fri 27 Nov. */
export const dayName = (day) =>
  new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" })
    .format(new Date(`${day}T00:00:00Z`));

/** `day` moved by `days`. */
export function shiftDay(day, days) {
  const moved = new Date(`${day}T00:00:00Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** "handed_over" as "handed over". */
export const words = (name) => (name ?? "").replaceAll("_", " ");

/** The words of a text without case, accents and punctuation, as the search for what was said takes them. */
export const plainWords = (text) =>
  (text ?? "").toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").match(/[\p{L}\p{N}_]+/gu) ?? [];

/** A number of the telephone or a name; "4:+15550100" as "+15550100". */
export const party = (id) => (id ?? "").replace(/^4:/, "");

/** A language tag by its name. */
export function languageName(tag) {
  try {
    return new Intl.DisplayNames("en", { type: "language" }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}

/** "en-US-Ava:DragonHDLatestNeural" as "Ava (en-US)". */
export function voiceName(name) {
  const parts = /^([a-z]{2,3}-[A-Z]{2})-([A-Za-z]+?)(?:Multilingual)?(?:Neural)?(?::.*)?$/.exec(name);
  return parts ? `${parts[2]} (${parts[1]})` : name;
}
