// The view Insights: figures over a range of days, each leading to the calls behind it.

import { get, getCsv, query } from "./api.js";
import { callsAddress, save } from "./calls.js";
import { field, h, problemNote } from "./dom.js";
import { count, dayName, millis, money, placeZone, share, shiftDay, words } from "./format.js";
import { Plot, barTable } from "./plots.js";

const RANGES = [[1, "Today"], [7, "7 days"], [30, "30 days"], [90, "90 days"]];

export function insightsView(place, parameters, options) {
  const to = parameters.get("to") || options.today;
  const from = parameters.get("from") || shiftDay(to, -29);
  const stop = new AbortController();
  const plots = [];
  const body = h("div", { class: "figures-page" }, h("p", { class: "loading", role: "status" }, "Loading…"));
  place.append(h("h1", {}, "Insights"), rangeForm(from, to, options), body);
  const csv = (name) => async () => {
    try {
      const { text } = await getCsv(`/insights.csv${query({ from, to, table: name })}`, { signal: stop.signal });
      save(`tabletalk-${name}-${from}-${to}.csv`, [text]);
    } catch (error) {
      if (!stop.signal.aborted) body.prepend(problemNote(error));
    }
  };
  const load = async () => {
    try {
      const figures = await get(`/insights${query({ from, to })}`, { signal: stop.signal });
      if (figures.calls === 0) {
        body.replaceChildren(nothing());
        return;
      }
      body.replaceChildren(...everything(figures, csv, plots));
      await draw(plots);
    } catch (error) {
      if (!stop.signal.aborted) body.replaceChildren(problemNote(error, load));
    }
  };
  void load();
  return () => {
    stop.abort();
    for (const plot of plots) plot.close();
  };
}

/** The library is loaded here and nowhere else: the other views do without. */
async function draw(plots) {
  if (!document.querySelector("link[href='vendor/uplot/uPlot.min.css']")) {
    document.head.append(h("link", { rel: "stylesheet", href: "vendor/uplot/uPlot.min.css" }));
  }
  const { default: uPlot } = await import("./vendor/uplot/uPlot.esm.js");
  for (const plot of plots) if (plot.element.isConnected) plot.draw(uPlot);
}

function rangeForm(from, to, options) {
  const show = (event) => {
    event.preventDefault();
    const value = (id) => form.querySelector(`#range-${id}`).value;
    location.hash = `#/insights${query({ from: value("from"), to: value("to") })}`;
  };
  const form = h(
    "form",
    { class: "filter", "aria-label": "Days", onsubmit: show },
    h("div", { class: "row ranges" }, RANGES.map(([days, name]) => {
      const first = shiftDay(options.today, 1 - days);
      return h("a", { class: "button", href: `#/insights${query({ from: first, to: options.today })}`, "aria-current": from === first && to === options.today ? "true" : null }, name);
    })),
    field("From", h("input", { id: "range-from", type: "date", value: from, max: options.today, required: true })),
    field("To", h("input", { id: "range-to", type: "date", value: to, max: options.today, required: true })),
    h("div", { class: "row" }, h("button", { class: "primary" }, "Show")),
  );
  return form;
}

function nothing() {
  return h("div", { class: "welcome" },
    h("h2", {}, "No calls in these days"),
    h("p", {}, "Choose other days, or make the first call: ", h("a", { href: "#/talk" }, "talk to the agent"), "."),
    h("p", { class: "muted" }, "Calls are counted a few seconds after they have ended."));
}

function everything(figures, csv, plots) {
  const plot = (options) => {
    const made = new Plot(options);
    plots.push(made);
    return made.element;
  };
  return [
    tiles(figures),
    h("div", { class: "about" },
      h("p", { class: "muted small" }, `Days and hours are those of ${placeZone()}. Waiting times are within ${figures.percentile_error * 100} %. Costs are estimates by prices of ${figures.prices_as_of} (${figures.prices_source}).`),
      h("button", { type: "button", class: "quiet", onclick: csv("summary") }, "Summary as CSV")),
    h("h2", {}, "Over time"),
    h("div", { class: "grid" }, overTime(figures, csv).map(plot)),
    h("h2", {}, "What callers wanted, and got"),
    h("div", { class: "grid" }, outcomes(figures, csv), intents(figures, csv), restaurants(figures, csv), wishes(figures, csv)),
    h("h2", {}, "How well it works"),
    h("div", { class: "grid" }, costs(figures, csv), tools(figures, csv)),
  ];
}

function tiles(figures) {
  const { containment, replies, greetings, interruptions, misunderstandings, tool_faults: faults, capacity } = figures;
  const tile = (name, value, detail, url) => h("div", { class: "tile" },
    h("dt", {}, name),
    h("dd", {}, url ? h("a", { href: callsAddress(url) }, value) : h("span", {}, value), h("small", {}, detail)));
  const link = (text, url, label) => h("a", { href: callsAddress(url), "aria-label": label }, text);
  const per = (n) => `in ${count(n)} ${n === 1 ? "call" : "calls"}`;
  const peakUrl = capacity.peak_day && figures.days.find(({ day }) => day === capacity.peak_day)?.calls_url;
  return h("dl", { class: "tiles" },
    tile("Calls", count(figures.calls), link(`${count(figures.conversations)} conversations`, figures.conversations_url), figures.calls_url),
    tile("Containment", share(containment.share), [`${count(containment.contained)} without a person · `, link("the others", containment.others_url)], containment.contained_url),
    tile("Reply, median", millis(replies.p50_ms), [`p95 ${millis(replies.p95_ms)} · `, link("slower", replies.slower_than_p95_url, "slower replies")], figures.conversations_url),
    tile("Greeting, median", millis(greetings.p50_ms), [`p95 ${millis(greetings.p95_ms)} · `, link("slower", greetings.slower_than_p95_url, "slower greetings")], figures.conversations_url),
    tile("Minutes", count(Math.round(figures.minutes)), `${(figures.minutes / figures.calls).toFixed(1)} per call`, figures.calls_url),
    tile("Cost", money(figures.cost), [`${money(figures.cost_per_call)} per call`, figures.unpriced_calls > 0 && [" · ", link(`${count(figures.unpriced_calls)} without a price`, figures.unpriced_url)]], figures.calls_url),
    tile("Interruptions", count(interruptions.count), per(interruptions.calls), interruptions.calls_url),
    tile("Misunderstandings", count(misunderstandings.count), per(misunderstandings.calls), misunderstandings.calls_url),
    tile("Failed tools", count(faults.count), per(faults.calls), faults.calls_url),
    tile("Most at once", count(capacity.peak), capacity.capacity === null ? "capacity not known" : `${share(capacity.share)} of ${count(capacity.capacity)}`, peakUrl));
}

function overTime({ days, hours, capacity, replies, greetings, containment, interruptions, misunderstandings, tool_faults: faults }, csv) {
  const byDayTo = (url, ...names) => days.map((day) => ({ label: dayName(day.day), tick: dayName(day.day).split(" ").slice(1).join(" "), values: names.map((name) => day[name]), url: day[url] }));
  const byDay = (...names) => byDayTo("calls_url", ...names);
  const most = (list, name) => list.reduce((best, one) => ((one[name] ?? -1) > (best[name] ?? -1) ? one : best), list[0]);
  const busiest = most(days, "calls");
  const slowest = most(days, "reply_p95_ms");
  const dearest = most(days, "cost");
  const hour = most(hours, "calls");
  const bars = (name, color) => ({ name, color, kind: "bars" });
  const waits = [{ name: "Median", color: "agent", kind: "line" }, { name: "p95", color: "warn", kind: "line" }];
  const lowest = days.filter((day) => day.containment !== null).reduce((worst, day) => (worst && worst.containment <= day.containment ? worst : day), null);
  const latest = most(days, "greeting_p95_ms");
  /** Something that is counted by day, and the day that had most of it. */
  const happened = (title, name, color, whole) => ({
    title, rows: byDayTo(`${name}_url`, name), series: [bars(title, color)], format: count, csv: csv("days"),
    text: whole.count === 0 ? "None in these days." : `Most on ${dayName(most(days, name).day)}: ${count(most(days, name)[name])}.`,
  });
  return [
    {
      title: "Calls by day", rows: byDay("calls"), series: [bars("Calls", "agent")], format: count, csv: csv("days"),
      text: `Most on ${dayName(busiest.day)}: ${count(busiest.calls)}.`,
    },
    {
      title: "Calls by hour", first: "Hour", series: [bars("Calls", "agent")], format: count, csv: csv("hours"),
      rows: hours.map((one) => ({ label: `${String(one.hour).padStart(2, "0")}:00`, values: [one.calls], url: one.calls_url })),
      text: `Most between ${hour.hour}:00 and ${hour.hour}:59: ${count(hour.calls)}.`,
    },
    {
      title: "Waiting for a reply", rows: byDay("reply_p50_ms", "reply_p95_ms"), format: millis, csv: csv("days"),
      series: waits,
      text: replies.count === 0 ? "No reply yet." : `Slowest on ${dayName(slowest.day)}: p95 ${millis(slowest.reply_p95_ms)}.`,
    },
    {
      title: "Waiting for the greeting", rows: byDay("greeting_p50_ms", "greeting_p95_ms"), format: millis, csv: csv("days"), series: waits,
      text: greetings.count === 0 ? "No greeting yet." : `Slowest on ${dayName(latest.day)}: p95 ${millis(latest.greeting_p95_ms)}.`,
    },
    {
      title: "Containment", rows: byDayTo("contained_url", "containment"), format: share, axisFormat: (value) => `${Math.round(value * 100)} %`, csv: csv("days"),
      series: [{ name: "Ended by the agent alone", color: "agent", kind: "line" }],
      text: containment.share === null ? "No conversation yet." : `${share(containment.share)} in all; lowest on ${dayName(lowest.day)}: ${share(lowest.containment)}.`,
    },
    happened("Interruptions", "interruptions", "warn", interruptions),
    happened("Misunderstandings", "misunderstandings", "warn", misunderstandings),
    happened("Failed tools", "tool_faults", "bad", faults),
    {
      title: "Cost by day", rows: byDay("cost"), series: [bars("Cost", "caller")], format: money, axisFormat: (value) => money(value, 2), csv: csv("days"),
      text: `Most on ${dayName(dearest.day)}: ${money(dearest.cost)}.`,
    },
    {
      title: "Minutes by day", rows: byDay("minutes"), series: [bars("Minutes", "caller")], format: (value) => count(value === null ? null : Math.round(value * 10) / 10), csv: csv("days"),
      text: `Most on ${dayName(most(days, "minutes").day)}: ${count(Math.round(most(days, "minutes").minutes))}.`,
    },
    {
      title: "Most calls at once", rows: byDay("peak"), series: [bars("At once", "tool")], format: count, csv: csv("days"),
      text: `At most ${count(capacity.peak)}${capacity.peak_day ? ` on ${dayName(capacity.peak_day)}` : ""}${capacity.capacity === null ? "" : `, of ${count(capacity.capacity)} that can be held`}.`,
    },
  ];
}

function outcomes({ outcomes: list, calls }, csv) {
  return barTable({
    title: "Outcomes", heads: ["Outcome", "Calls", "Share"], csv: csv("outcomes"), empty: "None.",
    rows: list.map((one) => ({ label: words(one.outcome), size: one.calls, url: one.calls_url, cells: [count(one.calls), share(one.calls / calls)] })),
  });
}

function intents({ intents: list }, csv) {
  return barTable({
    title: "Intents", heads: ["Intent", "Calls", "Reached"], csv: csv("intents"), empty: "None.",
    rows: list.map((one) => ({
      label: words(one.intent), size: one.calls, url: one.calls_url,
      cells: [count(one.calls), one.reached ? h("a", { href: callsAddress(one.reached_url), "aria-label": `${count(one.reached)} · ${share(one.reached / one.calls)} of ${words(one.intent)} reached` }, `${count(one.reached)} · ${share(one.reached / one.calls)}`) : "0"],
    })),
  });
}

function restaurants({ restaurants: list, restaurants_in_all: all }, csv) {
  const made = (n, url, what, name) => (n ? h("a", { href: callsAddress(url), "aria-label": `${count(n)} ${what} at ${name}` }, count(n)) : "0");
  return barTable({
    title: "Restaurants", heads: ["Restaurant", "Calls", "Bookings", "Orders"], csv: csv("restaurants"), empty: "No restaurant was spoken of.",
    text: firstOf(list, all, "restaurants"),
    rows: list.map((one) => ({
      label: one.name, size: one.calls, url: one.calls_url,
      cells: [count(one.calls), made(one.bookings, one.bookings_url, "bookings", one.name), made(one.orders, one.orders_url, "orders", one.name)],
    })),
  });
}

/** Says so when a list is not whole. */
const firstOf = (list, all, what) => (list.length < all ? `The first ${count(list.length)} of ${count(all)} ${what}; CSV has all.` : "");

function wishes({ wishes: list, wishes_in_all: all }, csv) {
  return barTable({
    title: "Asked for and not found", heads: ["Wish", "Calls"], csv: csv("wishes"), empty: "Everything that was asked for was found.",
    text: firstOf(list, all, "wishes"),
    rows: list.map((one) => ({ label: one.wish, size: one.calls, url: one.calls_url, cells: [count(one.calls)] })),
  });
}

function costs({ outcomes: list }, csv) {
  return barTable({
    title: "Minutes and cost by outcome", heads: ["Outcome", "Minutes", "Minutes per call", "Cost", "Cost per call"], csv: csv("outcomes"), empty: "None.",
    rows: list.map((one) => ({
      label: words(one.outcome), size: one.minutes, url: one.calls_url,
      cells: [count(Math.round(one.minutes)), one.minutes_per_call.toFixed(1), money(one.cost), money(one.cost_per_call)],
    })),
  });
}

function tools({ tools: list }, csv) {
  return barTable({
    title: "Tools", heads: ["Tool", "Runs", "Failed"], csv: csv("tools"), empty: "No tool has run.",
    rows: list.map((one) => ({
      label: one.tool, size: one.runs, url: one.runs_url,
      cells: [count(one.runs), one.faults ? h("a", { href: callsAddress(one.calls_url), "aria-label": `${one.tool} failed ${count(one.faults)} times` }, count(one.faults)) : "0"],
    })),
  });
}
