// The view Calls: those in progress, and past ones by filter, the newest first.

import { get, getCsv, query } from "./api.js";
import { announce, choice, field, h, problemNote, renew } from "./dom.js";
import { clock, count, dayAndTime, dayName, millis, money, party, plainWords, shiftDay, words } from "./format.js";

const PAGE = 50;
const SAID_PAGE = 20;
/** Of a search for something said: for each call that may hold it a transcript is read. */
const CSV_PAGE = 200;
const GOOD = new Set(["ordered", "booked", "changed", "informed", "handed_over"]);
const BAD = new Set(["failed", "rejected", "gave_up"]);
const FIELDS = ["from", "to", "outcome", "intent", "restaurant", "text", "said"];
/** Filters that have a field; the others come with a link of a figure, and stand as tags that can be taken off. */
const TOLD = {
  reached: (v) => (v === "true" ? "got what they wanted" : "did not get what they wanted"),
  contained: (v) => (v === "true" ? "ended by the agent alone" : "not ended by the agent alone"),
  wish: (v) => `asked for and not found: ${v}`,
  hour: (v) => `rang between ${v}:00 and ${v}:59`,
  carrier: (v) => (v === "browser" ? "from the page" : "over the phone"),
  talked: (v) => (v === "true" ? "became a conversation" : "nobody talked"),
  made: (v) => `with ${v === "order" ? "an order" : "a booking"}`,
  tool: (v) => `${v} ran`,
  priced: (v) => (v === "true" ? "with a price" : "without a price"),
  interrupted: (v) => (v === "true" ? "agent was interrupted" : "no interruption"),
  misunderstood: (v) => (v === "true" ? "with a misunderstanding" : "without a misunderstanding"),
  tool_fault: (v) => (v === "any" ? "a tool failed" : `${v} failed`),
  greeting_over: (v) => `greeting after more than ${millis(Number(v))}`,
  reply_over: (v) => `a reply after more than ${millis(Number(v))}`,
};

export function callsView(place, parameters, options, live) {
  const filter = Object.fromEntries([...FIELDS, ...Object.keys(TOLD)].map((name) => [name, parameters.get(name) ?? ""]));
  const stop = new AbortController();
  const liveList = h("section", { "aria-labelledby": "live-title" });
  const found = h("section", { "aria-labelledby": "past-title" });
  place.append(
    h("h1", {}, "Calls"),
    liveList,
    h("h2", { id: "past-title" }, "Past calls"),
    filterForm(filter, options),
    tags(filter),
    found,
  );
  const showLive = () => renew(liveList, liveSection(live));
  showLive();
  live.listeners.add(showLive);
  new PastCalls(found, filter, options, stop.signal).open();
  return () => {
    stop.abort();
    live.listeners.delete(showLive);
  };
}

function filterForm(filter, options) {
  const names = (values) => [["", "any"], ...values.map((value) => [value, words(value)])];
  const form = h(
    "form",
    { class: "filter", role: "search", "aria-label": "Past calls", onsubmit: apply },
    field("From", h("input", { id: "from", type: "date", value: filter.from || shiftDay(filter.to || options.today, -29), max: options.today })),
    field("To", h("input", { id: "to", type: "date", value: filter.to || options.today, max: options.today })),
    field("Outcome", choice({ id: "outcome" }, names(options.outcomes), filter.outcome)),
    field("Intent", choice({ id: "intent" }, names(options.intents), filter.intent)),
    field("Restaurant", choice({ id: "restaurant" }, [["", "any"], ...options.restaurants.map(({ id, name }) => [id, name])], filter.restaurant)),
    field("Text", h("input", {
      id: "text", type: "search", maxlength: 100, value: filter.text,
      placeholder: options.role === "viewer" ? "id or wish" : "number, code…", autocomplete: "off",
      title: `Part of an id${options.role === "viewer" ? "" : ", a number, a code"} or a wish`,
    })),
    options.role === "operator" && field("Words said", h("input", {
      id: "said", type: "search", maxlength: 100, value: filter.said, placeholder: 'vegan "for two"', autocomplete: "off",
      title: "Words that either side said, or their beginnings; in quotes as they followed one another",
    })),
    h("div", { class: "row" }, h("button", { class: "primary" }, "Show"), h("a", { class: "button", href: "#/calls" }, "Reset")),
  );
  function apply(event) {
    event.preventDefault();
    const wanted = { ...filter };
    for (const name of FIELDS) wanted[name] = form.querySelector(`#${name}`)?.value.trim() ?? "";
    const target = `#/calls${query(wanted)}`;
    if (target === location.hash) window.dispatchEvent(new HashChangeEvent("hashchange")); // ask anew
    else location.hash = target;
  }
  form.addEventListener("change", ({ target }) => {
    if (target.matches("select")) form.requestSubmit();
  });
  return form;
}

function tags(filter) {
  const given = Object.keys(TOLD).filter((name) => filter[name] !== "");
  if (given.length === 0) return "";
  return h(
    "ul",
    { class: "chips", "aria-label": "Further filters" },
    given.map((name) => {
      const told = TOLD[name](filter[name]);
      return h("li", {}, told, h("a", { href: `#/calls${query({ ...filter, [name]: "" })}`, "aria-label": `Without: ${told}` }, "×"));
    }),
  );
}

function liveSection({ calls, failed }) {
  let shown = h("p", { class: "empty" }, "No call is in progress.");
  if (calls === null) shown = h("p", { class: "empty" }, failed ? "" : "Looking…");
  else if (calls.length > 0) shown = h("ul", { class: "live-calls" }, calls.map(liveCall));
  return {
    title: h("h2", { id: "live-title" }, "In progress"),
    failed: failed && h("p", { class: "note bad", role: "alert" }, "This is not up to date: the server does not answer. It is asked again and again."),
    shown,
  };
}

function liveCall(call) {
  return h("li", {}, h("a", { href: `#/calls/${call.id}` },
    h("span", { class: "dot", "aria-hidden": "true" }),
    h("strong", {}, call.carrier === "browser" ? "Talk from the page" : party(call.caller) || "anonymous"),
    h("span", { class: "muted" }, `${call.waiting ? "waiting in line" : words(call.state)} · since ${dayAndTime(call.rang_at)}`)));
}

class PastCalls {
  constructor(place, filter, options, signal) {
    Object.assign(this, { place, filter, options, signal, shown: 0, continuation: null, loading: false });
    this.body = h("tbody", {});
    this.more = h("button", { type: "button", onclick: () => (this.loading ? this.enough() : this.load()) }, "Show more");
    this.csv = h("button", { type: "button", onclick: () => this.export() }, "Export as CSV");
    this.told = h("p", { class: "muted", role: "status" });
    this.trouble = h("div", {});
    this.names = new Map(options.restaurants.map(({ id, name }) => [id, name]));
  }

  open() {
    this.place.append(
      this.trouble,
      h("div", { class: "row between" }, this.told, this.csv),
      h("div", { class: "scroll", role: "region", "aria-label": "Table of past calls", tabindex: 0 }, h(
        "table",
        { class: "calls" },
        h("thead", {}, h("tr", {},
          ["Rang at", "Caller", "Outcome", "Wanted"].map((name) => h("th", { scope: "col" }, name)),
          h("th", { scope: "col", class: "less" }, "Restaurants"),
          ["Length", "Slowest reply", "Cost"].map((name) => h("th", { scope: "col", class: "number less" }, name)))),
        this.body,
      )),
      h("div", { class: "row" }, this.more),
    );
    this.more.hidden = true;
    this.csv.hidden = true;
    this.place.classList.add("nothing");
    void this.load();
  }

  #path(kind, limit) {
    return `/calls${kind}${query({ ...this.filter, limit, continuation: kind ? "" : this.continuation })}`;
  }

  /** Look no further: what was found is shown. */
  enough() {
    this.stopping = true;
    this.more.textContent = "Stopping…";
  }

  async load() {
    const before = this.shown;
    const asked = document.activeElement === this.more;
    let first = null;
    this.loading = true;
    this.stopping = false;
    this.trouble.replaceChildren();
    this.told.textContent = "Loading…";
    this.more.textContent = "Stop";
    try {
      // A page may be empty and have a next one; whoever asked for more wants to see more.
      do {
        first ??= await this.#page();
        if (this.shown === before && this.continuation) {
          this.told.textContent = `Looking… nothing back to ${dayName(this.backTo)} so far.`;
          this.more.hidden = false;
        }
      } while (this.continuation && this.shown === before && !this.stopping);
    } catch (error) {
      if (this.signal.aborted) return;
      this.trouble.replaceChildren(problemNote(error, () => this.load()));
    }
    this.loading = false;
    this.#tell();
    // The button may be gone; whoever pressed it goes on where there is something new.
    if (asked && this.more.hidden) (first ?? this.place).querySelector("a, [role=region]").focus();
    else if (asked) this.more.focus();
  }

  #tell() {
    const failed = this.trouble.hasChildNodes();
    this.more.hidden = failed || this.continuation === null;
    this.more.textContent = this.shown ? "Show more" : "Look further";
    this.csv.hidden = this.shown === 0;
    this.place.classList.toggle("nothing", this.shown === 0);
    const back = this.continuation ? ` so far, back to ${dayName(this.backTo)}` : "";
    if (this.shown > 0) this.told.textContent = `${count(this.shown)} ${this.shown === 1 ? "call" : "calls"}${back}, the newest first`;
    else if (failed) this.told.textContent = "";
    else this.told.textContent = back ? `No call${back}.` : "No call fits. Choose more days, or fewer filters.";
  }

  /** Adds the next page; returns its first row, null when the page is empty. */
  async #page() {
    const page = await get(this.#path("", this.filter.said ? SAID_PAGE : PAGE), { signal: this.signal });
    this.continuation = page.continuation;
    this.backTo = page.back_to;
    this.shown += page.calls.length;
    const rows = page.calls.flatMap((call) => (call.excerpts.length ? [this.#row(call), this.#excerpts(call)] : [this.#row(call)]));
    this.body.append(...rows);
    return rows[0] ?? null;
  }

  /** Where it was said, each leading there. */
  #excerpts({ id, excerpts }) {
    const asked = plainWords(this.filter.said);
    return h("tr", { class: "excerpts" }, h("td", { colspan: 8 }, h("ul", {}, excerpts.map(({ seq, role, text }) => h("li", {},
      h("a", { href: `#/calls/${id}?turn=${seq}` }, role === "agent" ? "Agent" : "Caller"), " ",
      text.split(/(\s+)/).map((part) => (plainWords(part).some((word) => asked.some((one) => word.startsWith(one))) ? h("mark", {}, part) : part)))))));
  }

  #row(call) {
    const name = this.names;
    const restaurants = call.restaurants.map((id) => name.get(id) ?? id);
    const made = [...call.bookings, ...call.orders];
    return h(
      "tr",
      {},
      h("td", {}, h("a", { href: `#/calls/${call.id}` }, dayAndTime(call.rang_at))),
      h("td", {}, call.carrier === "browser" ? h("span", { class: "muted" }, "page") : party(call.caller) || "anonymous"),
      h("td", {}, outcomeTag(call.outcome), made.length > 0 && h("span", { class: "codes" }, made.join(" "))),
      h("td", {}, words(call.intent), " ", call.intent !== "none" && h("span", { class: "muted" }, call.reached ? "reached" : "not reached")),
      h("td", { class: "names less" }, restaurants.slice(0, 2).join(", "), restaurants.length > 2 && ` +${restaurants.length - 2}`),
      h("td", { class: "number less" }, clock(call.seconds)),
      h("td", { class: "number less" }, millis(call.slowest_reply_ms)),
      h("td", { class: "number less" }, money(call.cost)),
    );
  }

  /** All pages, put together into one file; a second press stops it. */
  async export() {
    if (this.exporting) {
      this.exporting.abort();
      return;
    }
    this.exporting = new AbortController();
    const signal = AbortSignal.any([this.exporting.signal, this.signal]);
    const parts = [];
    let rows = 0;
    this.trouble.replaceChildren();
    try {
      for (let path = this.#path(".csv", CSV_PAGE); path; ) {
        this.csv.textContent = `Stop (${count(rows)} exported)`;
        const { text, next } = await getCsv(path, { signal });
        const begin = text.indexOf("\n") + 1;
        parts.push(parts.length === 0 ? text : text.slice(begin)); // the header stands in every page
        rows += text.slice(begin).split("\n").length - 1;
        path = next;
      }
      save("tabletalk-calls.csv", parts);
      announce(`${count(rows)} calls are saved.`);
    } catch (error) {
      if (this.exporting.signal.aborted) announce("The export is stopped; nothing is saved.");
      else if (!signal.aborted) this.trouble.replaceChildren(problemNote(error));
    }
    this.exporting = null;
    this.csv.textContent = "Export as CSV";
  }
}

export function outcomeTag(outcome) {
  if (!outcome) return h("span", { class: "muted" }, "–");
  let kind = "";
  if (GOOD.has(outcome)) kind = " good";
  else if (BAD.has(outcome)) kind = " bad";
  return h("span", { class: `tag${kind}` }, words(outcome));
}

/** The query of an address that a figure gives (/api/v1/calls?...), as an address of this page. */
export const callsAddress = (url) => `#/calls?${url.split("?")[1] ?? ""}`;

/** Hand a file of text to whoever looks at the page. */
export function save(name, parts) {
  const url = URL.createObjectURL(new Blob(parts, { type: "text/csv" }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

