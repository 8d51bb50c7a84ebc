// Plots: each with its text, its table, and the calls behind every mark. uPlot draws those over time.

import { h } from "./dom.js";
import { callsAddress } from "./calls.js";
import { count } from "./format.js";

const HEIGHT = 190;
const WHOLE_STEPS = [1, 2, 5].flatMap((step) => [0, 1, 2, 3, 4, 5].map((zeros) => step * 10 ** zeros)).sort((a, b) => a - b);
/** Between lines of the grid, where half a call means nothing. */
const dark = matchMedia("(prefers-color-scheme: dark)");

/**
 * A plot over days or hours.
 * `rows`: {label, tick (shorter, for the axis), values: [number|null, ...], url}, one for each mark; `series`: {name, color (of the style sheet), kind:
 * "bars" or "line"}; `format` shows a value; `text` says what is to be seen; `csv` saves the table.
 */
export class Plot {
  constructor({ title, rows, series, format, axisFormat = format, text, csv, first = "Day" }) {
    Object.assign(this, { title, rows, series, format, axisFormat });
    this.canvas = h("div", { class: "plot", role: "img", "aria-label": `${title}. ${text}` });
    this.element = h(
      "figure",
      { class: "panel" },
      h("figcaption", {}, h("h3", {}, title), legend(series)),
      this.canvas,
      h("p", { class: "muted small" }, text),
      table({ title, rows, heads: [first, ...series.map(({ name }) => name)], format }),
      csv && h("button", { type: "button", class: "quiet", onclick: csv, "aria-label": `CSV: ${title}` }, "CSV"),
    );
    this.watcher = new ResizeObserver(() => this.#fit());
    this.repaint = () => this.#draw();
    dark.addEventListener("change", this.repaint);
  }

  /** Draw it; `uPlot` is the class of the library, which is loaded when it is first needed. */
  draw(uPlot) {
    this.uPlot = uPlot;
    this.#draw();
    this.watcher.observe(this.canvas);
  }

  close() {
    this.watcher.disconnect();
    dark.removeEventListener("change", this.repaint);
    this.chart?.destroy();
  }

  #fit() {
    const width = this.canvas.clientWidth;
    if (this.chart && width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
  }

  #draw() {
    if (!this.uPlot) return;
    this.chart?.destroy();
    const style = getComputedStyle(this.canvas);
    const color = (name) => style.getPropertyValue(`--${name}`).trim();
    const axis = { stroke: color("muted"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const columns = this.series.map((_, n) => this.rows.map((row) => row.values[n]));
    const top = Math.max(...columns.flat().filter((value) => value !== null), 0);
    const bars = this.uPlot.paths.bars({ size: [0.7, 48], radius: 0.1 });
    this.chart = new this.uPlot(
      {
        width: this.canvas.clientWidth || 300,
        height: HEIGHT,
        legend: { show: false },
        padding: [12, 8, 0, 0],
        cursor: { y: false, drag: { setScale: false, x: false } },
        scales: { x: { time: false, range: [-0.6, this.rows.length - 0.4] }, y: { range: [0, top === 0 ? 1 : top * 1.08] } },
        axes: [
          { ...axis, grid: { show: false }, splits: (_, __, low, high, step) => whole(low, high, step, this.rows.length), incrs: [1, 2, 3, 4, 7, 14, 28], values: (_, at) => at.map((n) => this.rows[n]?.tick ?? this.rows[n]?.label ?? ""), space: 56, size: 30, gap: 9 },
          { ...axis, size: 64, space: 28, incrs: this.format === count ? WHOLE_STEPS : undefined, values: (_, at) => at.map((value) => this.axisFormat(value)) },
        ],
        series: [
          {},
          ...this.series.map(({ name, color: named, kind }) => ({
            label: name, stroke: color(named), width: kind === "bars" ? 0 : 2, fill: kind === "bars" ? color(named) : undefined,
            paths: kind === "bars" ? bars : undefined, points: { show: kind !== "bars", size: 5 }, spanGaps: false,
          })),
        ],
        hooks: { setCursor: [(chart) => this.#hover(chart)] },
      },
      [this.rows.map((_, n) => n), ...columns],
      this.canvas,
    );
    this.tip = h("div", { class: "tip", hidden: true });
    this.chart.over.append(this.tip);
    this.chart.over.addEventListener("click", () => {
      const row = this.rows[this.chart.cursor.idx];
      if (row?.url) location.hash = callsAddress(row.url).slice(1);
    });
  }

  #hover(chart) {
    const row = this.rows[chart.cursor.idx];
    if (!this.tip) return;
    this.tip.hidden = row === undefined || chart.cursor.left < 0;
    if (this.tip.hidden) return;
    this.tip.replaceChildren(h("strong", {}, row.label), row.values.map((value, n) => h("span", {}, `${this.series[n].name}: ${this.format(value)}`)));
    const right = chart.cursor.left > chart.over.clientWidth / 2;
    this.tip.style.left = right ? "auto" : `${chart.cursor.left + 12}px`;
    this.tip.style.right = right ? `${chart.over.clientWidth - chart.cursor.left + 12}px` : "auto";
  }
}

function whole(low, high, step, length) {
  const found = [];
  for (let n = 0; n < length; n += Math.max(1, Math.round(step))) found.push(n);
  return found;
}

function legend(series) {
  return series.length < 2 ? "" : h("ul", { class: "legend" }, series.map(({ name, color }) => h("li", {}, h("span", { class: `swatch ${color}`, "aria-hidden": "true" }), name)));
}

function table({ title, rows, heads, format }) {
  return h("details", {}, h("summary", {}, "Table"),
    h("div", { class: "scroll short", role: "region", "aria-label": `Table: ${title}`, tabindex: 0 },
      h("table", { class: "small" },
        h("thead", {}, h("tr", {}, heads.map((head, n) => h("th", { scope: "col", class: n ? "number" : "" }, head)))),
        h("tbody", {}, rows.map((row) => h("tr", {},
          h("th", { scope: "row" }, row.url ? h("a", { href: callsAddress(row.url) }, row.label) : row.label),
          row.values.map((value) => h("td", { class: "number" }, format(value)))))))));
}

/**
 * Kinds of things with a bar for how many: a table that is its own plot.
 * `rows`: {label, size, url, cells: [shown, ...]}; `heads`: of the first column and of the cells.
 */
export function barTable({ title, heads, rows, empty, csv, text }) {
  const most = Math.max(1, ...rows.map((row) => row.size));
  return h(
    "figure",
    { class: "panel" },
    h("figcaption", {}, h("h3", {}, title)),
    text && h("p", { class: "muted small" }, text),
    rows.length === 0
      ? h("p", { class: "empty" }, empty)
      : h("div", { class: "scroll short", role: "region", "aria-label": title, tabindex: 0 }, h("table", { class: "bars" },
          h("thead", {}, h("tr", {}, heads.map((head, n) => h("th", { scope: "col", class: n ? "number" : "" }, head)))),
          h("tbody", {}, rows.map((row) => h("tr", {},
            h("th", { scope: "row" }, h("a", { href: callsAddress(row.url) }, row.label), bar(row.size / most)),
            row.cells.map((cell) => h("td", { class: "number" }, cell))))))),
    rows.length > 0 && csv && h("button", { type: "button", class: "quiet", onclick: csv, "aria-label": `CSV: ${title}` }, "CSV"),
  );
}

function bar(part) {
  const fill = h("span", { class: "fill" });
  fill.style.width = `${(part * 100).toFixed(1)}%`;
  return h("span", { class: "barline", "aria-hidden": "true" }, fill);
}
