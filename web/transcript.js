// What was said and done, in order, as it becomes known. Talk, a watched call and a past one show it alike.

import { h } from "./dom.js";
import { clock, millis, words } from "./format.js";

const SLOW_MS = 1500;
/** A reply that took longer is marked. */

export class Transcript {
  /** `from`: the time (ISO) that counts as zero; the first thing that is shown, when it is not given. */
  constructor({ label = "Transcript", empty = "Nothing has been said yet." } = {}) {
    this.from = null;
    this.shown = new Map();
    this.empty = h("li", { class: "empty" }, empty);
    this.list = h("ol", { class: "transcript" }, this.empty);
    this.element = h(
      "div",
      { class: "log", role: "group", "aria-label": label, tabindex: 0 },
      this.list,
    );
    this.following = false;
  }

  /**
   * Whether more is to come: then it is read out, and what is new stays in view. `quietly`: not read out, which would
   * speak over who is heard, and into the microphone.
   */
  follow(following, { quietly = false } = {}) {
    if (this.following === following) return;
    this.following = following;
    this.element.setAttribute("role", following ? "log" : "group");
    this.element.setAttribute("aria-live", following && !quietly ? "polite" : "off");
    if (following) this.toEnd();
  }

  toEnd() {
    this.element.scrollTop = this.element.scrollHeight;
  }

  clear() {
    this.shown.clear();
    this.from = null;
    this.list.replaceChildren(this.empty);
  }

  /** A turn (TurnView) or a tool (ToolView, or one that still runs); again with the same `seq` when more is known. */
  put(kind, value) {
    this.empty.remove();
    const known = this.shown.get(value.seq);
    const merged = { ...known?.value, ...value };
    const said = JSON.stringify(merged);
    if (known?.said === said) return;
    this.from ??= merged.started_at ?? null;
    const item = kind === "turn" ? this.#turn(merged) : this.#tool(merged);
    item.dataset.seq = value.seq;
    const open = known?.item.querySelector("details")?.open;
    if (open) item.querySelector("details")?.setAttribute("open", "");
    const atEnd = this.following && this.#isAtEnd();
    if (known) known.item.replaceWith(item);
    else this.#insert(item, value.seq);
    this.shown.set(value.seq, { item, value: merged, said });
    if (atEnd) this.toEnd();
  }

  /** Bring what has this number into view, and mark it for a moment. */
  point(seq) {
    const item = this.shown.get(seq)?.item;
    if (!item) return;
    for (const marked of this.list.querySelectorAll(".pointed")) marked.classList.remove("pointed");
    item.classList.add("pointed");
    item.scrollIntoView({ block: "nearest" });
  }

  #isAtEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < 60;
  }

  #insert(item, seq) {
    const later = [...this.list.children].find((other) => Number(other.dataset.seq) > seq);
    this.list.insertBefore(item, later ?? null);
  }

  #time(at) {
    if (!at || !this.from) return "";
    return h("time", { datetime: at }, clock((new Date(at) - new Date(this.from)) / 1000));
  }

  #turn(turn) {
    const notes = [];
    if (turn.latency_ms !== null && turn.latency_ms !== undefined) {
      const slow = turn.latency_ms > SLOW_MS;
      notes.push(h("span", { class: slow ? "tag warn" : "tag" }, `answered after ${millis(turn.latency_ms)}`));
    }
    if (turn.interrupted) {
      const heard = turn.heard_ms ?? turn.interrupted_ms;
      const by = cutOff(turn) ? "cut off" : "the call ended";
      notes.push(h("span", { class: "tag cut" }, `${by}${heard === null || heard === undefined ? "" : ` after ${millis(heard)}`}`));
    }
    return h(
      "li",
      { class: `turn ${turn.role}${turn.interrupted ? " interrupted" : ""}` },
      h("p", { class: "by" }, turn.role === "agent" ? "Agent" : "Caller", " ", this.#time(turn.started_at)),
      h("p", { class: "said" }, turn.text || h("em", {}, turn.text === "" ? "(no words)" : ""), turn.interrupted && " —"),
      notes.length > 0 && h("p", { class: "tags" }, notes),
    );
  }

  #tool(tool) {
    const running = tool.ms === undefined;
    const result = parsed(tool.result);
    const error = tool.error ?? (result && typeof result.error === "string" ? result.error : null);
    const fault = tool.fault ?? false;
    let state = h("span", { class: "tag" }, millis(tool.ms));
    if (running) state = h("span", { class: "tag running" }, "running…");
    else if (error) state = h("span", { class: `tag ${fault ? "bad" : "warn"}` }, `${words(error)} · ${millis(tool.ms)}`);
    const given = parsed(tool.arguments);
    const more = (given !== null || result !== null) && h(
      "details",
      {},
      h("summary", {}, "Arguments and result"),
      h("pre", { tabindex: 0 }, JSON.stringify(given, null, 1), result === null ? "" : `\n→ ${JSON.stringify(result, null, 1)}`),
    );
    return h(
      "li",
      { class: "tool" },
      h("p", { class: "by" }, h("code", {}, tool.name), " ", this.#time(tool.started_at), " ", state),
      given !== null && h("p", { class: "given" }, short(given)),
      more,
    );
  }
}

/** Whether the caller cut a turn short: one that the call ended under has no time of its interruption. */
export const cutOff = ({ interrupted, interrupted_ms: at }) => interrupted && at !== null;

/** JSON of the API as it is; JSON of the media socket, which is text, parsed. */
function parsed(value) {
  if (typeof value !== "string") return value ?? null;
  try {
    return JSON.parse(value);
  } catch {
    return value === "" ? null : value;
  }
}

function short(given) {
  if (typeof given !== "object" || given === null) return String(given);
  return Object.entries(given)
    .map(([name, value]) => `${words(name)}: ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(" · ");
}
