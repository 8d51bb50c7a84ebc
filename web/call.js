// The view of one call: live, as it happens, or past, in full.

import { getIfNew, patch, post } from "./api.js";
import { outcomeTag } from "./calls.js";
import { announce, ask, choice, field, h, problemNote, putNote, renew } from "./dom.js";
import { clock, count, dayAndTime, dayName, languageName, millis, money, party, timeOfDay, words } from "./format.js";
import { Recording } from "./recording.js";
import { Timeline } from "./timeline.js";
import { Transcript, cutOff } from "./transcript.js";

const WATCH_MS = 1000;
const FAILED_MS = 3000;
/** Pause after an answer that did not come. */
const COUNTED_WITHIN_MS = 60_000;
/** After its end a call is looked at for so long until it is counted. */

/** `turn`: the number of a turn to show first, if any. */
export function callView(place, id, options, turn) {
  const view = new CallView(place, id, options, turn);
  void view.watch();
  return () => view.leave();
}

class CallView {
  constructor(place, id, options, turn) {
    Object.assign(this, { place, id, options, turn, memory: {}, detail: null });
    this.stop = new AbortController();
    this.transcript = new Transcript();
    this.recording = new Recording(id, (seconds) => this.timeline.mark(seconds));
    this.timeline = new Timeline((seq) => this.transcript.point(seq), (seconds) => this.recording.seek(seconds));
    this.title = h("h1", { tabindex: -1 }, "Call");
    this.state = h("div", { class: "row" });
    this.through = h("button", { type: "button", hidden: true, onclick: () => this.transfer() }, "Put through…");
    this.over = h("button", { type: "button", class: "danger", hidden: true, onclick: () => this.end() }, "End call…");
    this.when = h("p", { class: "muted" });
    this.faults = h("div", {});
    this.head = h("div", {},
      h("div", { class: "row between" }, h("div", { class: "row" }, this.title, this.state), h("div", { class: "row" }, this.through, this.over)),
      this.when, this.faults);
    this.trouble = h("div", {});
    this.facts = h("div", { class: "facts" });
    this.loading = h("p", { class: "loading", role: "status" }, "Loading…");
    this.body = h(
      "div",
      { hidden: true },
      h("section", { class: "panel", "aria-labelledby": "timeline-title" }, h("h2", { id: "timeline-title" }, "Timeline"), this.timeline.element, this.recording.element),
      h("div", { class: "two" },
        h("section", { class: "panel said", "aria-labelledby": "transcript-title" }, h("h2", { id: "transcript-title" }, "Transcript"), this.transcript.element),
        this.facts),
    );
    place.append(h("p", { class: "back" }, h("a", { href: "#/calls" }, "← Calls")), this.head, this.trouble, this.loading, this.body);
  }

  leave() {
    this.stop.abort();
    this.timeline.close();
    this.recording.close();
  }

  /** Look until there is nothing more to come; not while the page is hidden. */
  async watch() {
    let ended = null;
    while (!this.stop.signal.aborted) {
      if (!document.hidden || this.detail === null) await this.look();
      const live = this.detail?.call.state !== "ended";
      if (!live) ended ??= Date.now();
      if (this.detail && !live && (this.detail.intent !== null || Date.now() - ended > COUNTED_WITHIN_MS)) return;
      if (this.lost) return;
      await new Promise((resolve) => setTimeout(resolve, this.trouble.hasChildNodes() ? FAILED_MS : WATCH_MS));
    }
  }

  async look() {
    try {
      const detail = await getIfNew(`/calls/${this.id}`, this.memory, { signal: this.stop.signal });
      this.trouble.replaceChildren();
      if (detail !== null) this.show(detail);
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.loading.remove();
      this.lost = error.status >= 400 && error.status < 500;
      putNote(this.trouble, problemNote(error));
    }
  }

  show(detail) {
    const live = detail.call.state !== "ended";
    const ends = this.detail && this.detail.call.state !== "ended" && !live;
    this.detail = detail;
    this.loading.remove();
    this.body.hidden = false;
    this.transcript.from = detail.live_from ?? detail.call.rang_at;
    this.#head(detail, live);
    for (const turn of detail.turns) this.transcript.put("turn", detail.masked ? { ...turn, text: "(not shown to viewers)" } : turn);
    for (const tool of detail.tools) this.transcript.put("tool", tool);
    this.transcript.follow(live);
    this.timeline.show(detail);
    this.recording.show(detail);
    if (this.turn !== null) this.transcript.point(Number(this.turn));
    this.turn = null;
    renew(this.facts, this.#facts(detail));
    if (ends) announce("The call has ended.");
  }

  #head({ call, actions, faults }, live) {
    const who = call.carrier === "browser" ? "Talk from the page" : party(call.caller) || "Anonymous caller";
    this.title.replaceChildren(who);
    document.title = `${who} – Tabletalk`;
    this.state.replaceChildren(live ? h("span", { class: "tag live" }, call.waiting ? "waiting in line" : words(call.state)) : outcomeTag(call.outcome));
    const stood = [this.through, this.over].find((button) => button === document.activeElement);
    this.through.hidden = !actions.transfer;
    this.over.hidden = !actions.end;
    if (stood?.hidden) this.title.focus(); // nobody is left standing on what is gone
    this.when.replaceChildren(`${dayAndTime(call.rang_at)}${call.ended_at ? ` to ${timeOfDay(call.ended_at)}` : ""}`,
      call.seconds === null ? "" : ` · ${clock(call.seconds)}`, call.called ? ` · to ${party(call.called)}` : "", " · ", h("code", {}, call.id));
    renew(this.faults, { faults: faults.length > 0 && h("div", { class: "note bad" }, h("p", {}, h("strong", {}, "What went wrong")),
      h("ul", {}, faults.map(({ at, what }) => h("li", {}, timeOfDay(at), " ", what)))) });
  }

  #facts(detail) {
    return {
      intent: this.#intent(detail),
      bookings: made("Bookings", detail.bookings, bookingItem),
      orders: made("Orders", detail.orders, orderItem),
      handOver: handOver(detail),
      figures: figures(detail),
    };
  }

  #intent({ intent, actions, call }) {
    if (intent === null) {
      const text = call.state === "ended" ? "Being counted…" : "Decided when the call has ended.";
      return h("section", { class: "panel" }, h("h2", {}, "What the caller wanted"), h("p", { class: "muted" }, text));
    }
    return h(
      "section",
      { class: "panel" },
      h("h2", {}, "What the caller wanted"),
      h("p", {}, h("strong", {}, words(intent.intent)), " ", h("span", { class: intent.reached ? "tag good" : "tag warn" }, intent.reached ? "reached" : "not reached")),
      h("p", { class: "muted" }, `${intent.reason} (by ${intent.by})`),
      actions.correct && this.#correction(intent),
    );
  }

  #correction(intent) {
    const trouble = h("div", {});
    const form = h(
      "form",
      { onsubmit: (event) => this.correct(event, trouble) },
      field("Intent", choice({ id: "correct-intent" }, this.options.intents.map((name) => [name, words(name)]), intent.intent)),
      h("label", { class: "check" }, h("input", { type: "checkbox", id: "correct-reached", checked: intent.reached }), " The caller got it"),
      field("Why", h("input", { id: "correct-reason", required: true, maxlength: 200, autocomplete: "off" })),
      trouble,
      h("button", { class: "primary" }, "Save"),
    );
    return h("details", {}, h("summary", {}, "Correct this"), form);
  }

  async correct(event, trouble) {
    event.preventDefault();
    const value = (name) => event.target.querySelector(`#correct-${name}`);
    try {
      const intent = await patch(`/calls/${this.id}/intent`, {
        intent: value("intent").value, reached: value("reached").checked, reason: value("reason").value.trim(),
      });
      event.target.closest("details").open = false;
      this.title.focus({ preventScroll: true });
      this.memory = {};
      this.show({ ...this.detail, intent });
      announce("The correction is saved.");
      await this.look(); // the outcome may follow from it
    } catch (error) {
      trouble.replaceChildren(problemNote(error));
    }
  }

  async end() {
    const body = h("p", {}, "The line is cut at once, in the middle of a word if need be.");
    if (await ask("End this call?", body, "End call", { danger: true })) await this.#command("end", undefined, "The call is told to end.");
  }

  async transfer() {
    const to = choice({ id: "transfer-to" }, [
      ["", "Whom the agent would choose"],
      ...this.options.transfer_targets.map((target) => [target.to, `${party(target.to)} (${target.name})`]),
    ], "");
    const summary = h("textarea", { id: "transfer-summary", rows: 3, maxlength: 800 });
    const body = h("div", {}, field("To", to), field("What they are told", summary, "Left empty: a summary of the call."));
    if (!(await ask("Put this call through to a person?", body, "Put through"))) return;
    await this.#command("transfer", { to: to.value, summary: summary.value.trim() }, "The agent is told to put the call through.");
  }

  async #command(name, body, told) {
    try {
      await post(`/calls/${this.id}/${name}`, body ?? {});
      announce(told);
      await this.look();
    } catch (error) {
      this.trouble.replaceChildren(problemNote(error));
    }
  }
}

function made(title, list, item) {
  return list.length > 0 && h("section", { class: "panel" }, h("h2", {}, title), h("ul", { class: "plain" }, list.map(item)));
}

function bookingItem(booking) {
  return h("li", {},
    h("p", {}, h("strong", {}, booking.restaurant_name), " ", h("code", {}, booking.code), " ", h("span", { class: "tag" }, words(booking.status))),
    h("p", { class: "muted" }, `${dayName(booking.on)} at ${booking.at}, ${booking.party_size} ${booking.party_size === 1 ? "person" : "people"}, ${booking.name}`));
}

function orderItem(order) {
  return h("li", {},
    h("p", {}, h("strong", {}, order.restaurant_name), " ", h("code", {}, order.code), " ", h("span", { class: "tag" }, words(order.status))),
    h("p", { class: "muted" }, `due ${dayAndTime(order.due)}, ${order.name}, ${order.address}`),
    h("table", { class: "small" }, h("tbody", {},
      order.lines.map((line) => h("tr", {},
        h("td", {}, `${line.quantity} × ${line.name}`, [...line.options, line.note].filter(Boolean).map((extra) => h("span", { class: "muted" }, ` · ${extra}`))),
        h("td", { class: "number" }, line.amount))),
      h("tr", {}, h("td", {}, "Delivery"), h("td", { class: "number" }, order.fee)),
      h("tr", {}, h("th", { scope: "row" }, "Total"), h("td", { class: "number" }, h("strong", {}, `${order.total} ${order.currency}`))))));
}

function handOver({ transfer }) {
  if (transfer === null) return null;
  return h("section", { class: "panel" },
    h("h2", {}, "Hand-over"),
    h("p", {}, h("span", { class: "tag" }, words(transfer.state)), transfer.at ? ` at ${timeOfDay(transfer.at)}` : "", transfer.detail ? ` – ${transfer.detail}` : ""),
    transfer.summary && h("blockquote", {}, transfer.summary));
}

function figures({ call, usage, turns, model, language, end_reason: end }) {
  const rows = [
    ["Greeting after", millis(call.greeting_ms)],
    ["Slowest reply", millis(call.slowest_reply_ms ?? maximum(turns.map((turn) => turn.latency_ms)))],
    ["Interruptions", count(call.interruptions ?? turns.filter(cutOff).length)],
    ["Misunderstandings", count(call.misunderstandings)],
    ["Failed tools", count(call.tool_faults)],
    ["Tokens in", `${count(usage.input_tokens)} (${count(usage.cached_tokens)} cached)`],
    ["Tokens out", count(usage.output_tokens)],
    ["Cost", usage.cost === null ? "–" : `${money(usage.cost)} (prices of ${usage.prices_as_of})`],
    ["Model", model || "–"],
    language && ["Language", languageName(language)],
    end && ["Ended by", end],
  ].filter(Boolean);
  const waits = turns.filter((turn) => turn.role === "agent" && turn.latency_ms !== null);
  return h("section", { class: "panel" },
    h("h2", {}, "Figures"),
    h("dl", { class: "figures" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    waits.length > 0 && h("details", {}, h("summary", {}, "Every reply"), h("div", { class: "scroll", role: "region", "aria-label": "Every reply", tabindex: 0 },
      h("table", { class: "small" },
        h("thead", {}, h("tr", {}, ["Reply", "Waited", "Model", "Tools", "Tokens"].map((name) => h("th", { scope: "col", class: name === "Reply" ? "" : "number" }, name)))),
        h("tbody", {}, waits.map((turn) => h("tr", {},
          h("th", { scope: "row" }, timeOfDay(turn.started_at), turn.filler ? h("span", { class: "muted" }, " filler") : ""),
          h("td", { class: "number" }, millis(turn.latency_ms)),
          h("td", { class: "number" }, millis(turn.first_audio_ms)),
          h("td", { class: "number" }, millis(turn.tool_ms)),
          h("td", { class: "number" }, count(turn.output_tokens)))))))));
}

function maximum(values) {
  const known = values.filter((value) => value !== null);
  return known.length ? Math.max(...known) : null;
}
