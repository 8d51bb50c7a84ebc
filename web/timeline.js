// A call drawn to scale: who spoke when, what overlapped, what was cut off, tools, waiting and silence.

import { h, s } from "./dom.js";
import { clock, millis } from "./format.js";
import { cutOff } from "./transcript.js";

const LANES = { caller: 34, agent: 66, tool: 98 };
const BAR = 22;
const LEFT = 62;
const RIGHT = 12;
const HEIGHT = 134;
const SILENCE_S = 1.5;
/** Nobody speaks for longer than that: it is shown. */
const LEAST_PX_PER_S = 5;
const ZOOMS = [1, 2, 4, 8];
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
const TICK_APART_PX = 56;

/**
 * Everything in seconds from `zero`, in order of time: turns, tools, the silences between them, and overlaps of the
 * two voices. `end` is that of the call, or now.
 */
export function layOut(detail, now) {
  const zero = new Date(detail.live_from ?? detail.call.rang_at).getTime();
  const at = (time) => Math.max(0, (new Date(time).getTime() - zero) / 1000);
  const turns = detail.turns.map((turn) => ({ ...turn, from: at(turn.started_at), to: Math.max(at(turn.started_at), at(turn.ended_at)) }));
  const tools = detail.tools.map((tool) => ({ ...tool, from: at(tool.started_at), to: at(tool.started_at) + tool.ms / 1000 }));
  const last = Math.max(0, ...turns.map((turn) => turn.to), ...tools.map((tool) => tool.to));
  const end = Math.max(last, detail.call.ended_at ? at(detail.call.ended_at) : at(now));
  const voices = [...turns].sort((a, b) => a.from - b.from);
  const silences = [];
  let quietFrom = 0;
  for (const turn of voices) {
    if (turn.from - quietFrom > SILENCE_S) silences.push({ from: quietFrom, to: turn.from });
    quietFrom = Math.max(quietFrom, turn.to);
  }
  if (end - quietFrom > SILENCE_S) silences.push({ from: quietFrom, to: end });
  const overlaps = [];
  for (const one of turns.filter((turn) => turn.role === "caller")) {
    for (const other of turns.filter((turn) => turn.role === "agent")) {
      const from = Math.max(one.from, other.from);
      const to = Math.min(one.to, other.to);
      if (to > from) overlaps.push({ from, to });
    }
  }
  return { turns, tools, silences, overlaps, end };
}

/** What the drawing shows, in a sentence. */
export function inWords({ turns, tools, silences, overlaps, end }) {
  const spoken = (role) => turns.filter((turn) => turn.role === role).reduce((sum, turn) => sum + turn.to - turn.from, 0);
  const total = (spans) => spans.reduce((sum, span) => sum + span.to - span.from, 0);
  return [
    `Timeline of ${clock(end)}.`,
    `The caller speaks for ${clock(spoken("caller"))}, the agent for ${clock(spoken("agent"))}.`,
    `Replies cut off: ${turns.filter(cutOff).length}; both speak at once for ${total(overlaps).toFixed(1)} s.`,
    `Tools run: ${tools.length}. Silences of more than ${SILENCE_S} s: ${silences.length}, ${clock(total(silences))} in all.`,
  ].join(" ");
}

export class Timeline {
  /** `point(seq)` is called with the number of what was clicked on, `seek(seconds)` with where it begins. */
  constructor(point, seek) {
    Object.assign(this, { point, seek, at: null });
    this.now = s("path", { class: "now" });
    this.zoom = 0;
    this.scroll = h("div", { class: "scroll timeline", role: "region", "aria-label": "Drawing of the call", tabindex: 0 });
    this.words = h("p", { class: "muted small" });
    this.out = h("button", { type: "button", onclick: () => this.#zoomBy(-1), "aria-label": "Zoom out" }, "−");
    this.in = h("button", { type: "button", onclick: () => this.#zoomBy(1), "aria-label": "Zoom in" }, "+");
    this.element = h("div", {}, h("div", { class: "row between" }, legend(), h("div", { class: "row zoom" }, this.out, this.in)), this.scroll, this.words);
    this.watcher = new ResizeObserver(() => this.#draw());
    this.watcher.observe(this.scroll);
  }

  show(detail) {
    this.layout = layOut(detail, new Date());
    this.#draw();
  }

  close() {
    this.watcher.disconnect();
  }

  #zoomBy(step) {
    this.zoom = Math.max(0, Math.min(ZOOMS.length - 1, this.zoom + step));
    this.#draw();
  }

  #draw() {
    if (!this.layout) return;
    const { end } = this.layout;
    const space = Math.max(200, this.scroll.clientWidth - LEFT - RIGHT);
    const scale = Math.max(LEAST_PX_PER_S, space / Math.max(1, end)) * ZOOMS[this.zoom];
    this.out.disabled = this.zoom === 0;
    this.in.disabled = this.zoom === ZOOMS.length - 1;
    this.words.textContent = inWords(this.layout);
    this.scale = scale;
    const clicked = (value) => {
      this.point(value.seq);
      this.seek(value.from);
    };
    const picture = drawing(this.layout, scale, clicked);
    picture.append(this.now);
    this.scroll.replaceChildren(picture);
    this.#place();
  }

  /** Show where in the call one is. */
  mark(seconds) {
    this.at = seconds;
    this.#place();
  }

  #place() {
    if (this.at === null || !this.layout) return;
    const x = LEFT + this.at * this.scale;
    this.now.setAttribute("d", `M${x.toFixed(1)} 18V${HEIGHT - 6}`);
    const { scrollLeft, clientWidth } = this.scroll;
    if (x < scrollLeft || x > scrollLeft + clientWidth) this.scroll.scrollLeft = x - clientWidth / 4;
  }
}

function drawing({ turns, tools, silences, overlaps, end }, scale, clicked) {
  const x = (seconds) => LEFT + seconds * scale;
  const width = Math.ceil(x(end)) + RIGHT;
  const bar = (span, lane, kind, title, least = 2) =>
    s("rect", { x: x(span.from), y: LANES[lane], width: Math.max(least, (span.to - span.from) * scale), height: BAR, rx: 3, class: kind }, s("title", {}, title));
  const clickable = (value, ...shapes) => s("g", { class: "clickable", onclick: () => clicked(value) }, shapes);
  const top = LANES.caller - 4;
  const low = LANES.agent + BAR + 4;
  return s(
    "svg",
    { width, height: HEIGHT, viewBox: `0 0 ${width} ${HEIGHT}`, role: "img", "aria-label": "Who spoke when; the text below says it" },
    ticks(end, scale, x),
    silences.map((span) => s("rect", { x: x(span.from), y: top, width: (span.to - span.from) * scale, height: low - top, class: "silence" }, s("title", {}, `silence, ${millis((span.to - span.from) * 1000)}`))),
    Object.entries(LANES).map(([lane, y]) => s("text", { x: 0, y: y + 15, class: "lane" }, { caller: "Caller", agent: "Agent", tool: "Tools" }[lane])),
    turns.map((turn) => clickable(
      turn,
      turn.role === "agent" && turn.latency_ms > 0 && waiting(turn, scale, x),
      bar(turn, turn.role, turn.role, `${turn.role}, ${clock(turn.from)}: ${turn.text}`),
      cutOff(turn) && s("path", { d: `M${x(turn.to)} ${LANES.agent - 3}v${BAR + 6}`, class: "cut" }, s("title", {}, "cut off")),
    )),
    overlaps.map((span) => s("rect", { x: x(span.from), y: LANES.caller + BAR, width: Math.max(2, (span.to - span.from) * scale), height: LANES.agent - LANES.caller - BAR, class: "overlap" }, s("title", {}, `both speak, ${millis((span.to - span.from) * 1000)}`))),
    tools.map((tool) => clickable(tool, bar(tool, "tool", tool.fault ? "tool failed" : "tool", `${tool.name}, ${millis(tool.ms)}${tool.error ? `: ${tool.error}` : ""}`, 4))),
  );
}

/** From the caller's last speech to the reply. */
function waiting(turn, scale, x) {
  const from = Math.max(0, turn.from - turn.latency_ms / 1000);
  return s("rect", { x: x(from), y: LANES.agent + BAR / 2 - 2, width: (turn.from - from) * scale, height: 4, class: "waiting" }, s("title", {}, `answered after ${millis(turn.latency_ms)}`));
}

function ticks(end, scale, x) {
  const apart = TICKS_S.find((seconds) => seconds * scale >= TICK_APART_PX) ?? TICKS_S.at(-1);
  const marks = [];
  for (let at = 0; at <= end; at += apart) {
    marks.push(
      s("path", { d: `M${x(at)} 20V${HEIGHT - 8}`, class: "grid" }),
      s("text", { x: x(at), y: 13, class: "tick", "text-anchor": at === 0 ? "start" : "middle" }, clock(at)),
    );
  }
  return marks;
}

function legend() {
  const kinds = [
    ["caller", "caller"], ["agent", "agent"], ["waiting", "waiting for a reply"], ["overlap", "both speak"],
    ["cut", "cut off"], ["tool", "tool"], ["silence", "silence"],
  ];
  return h("ul", { class: "legend" }, kinds.map(([kind, told]) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), told)));
}
