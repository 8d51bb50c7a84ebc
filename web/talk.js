// The view Talk: one button, and what is said and done while it is on.

import { post } from "./api.js";
import { announce, choice, field, h, problemNote } from "./dom.js";
import { clock, languageName, voiceName } from "./format.js";
import { Line, MicrophoneError, openMicrophone } from "./line.js";
import { Transcript } from "./transcript.js";

const QUIETEST_DB = -60;
const PROMPT_LIMIT = 12_000;
const SLOW_SHOWN_MS = 5000;
const ENDS = {
  1000: "The talk has ended.",
  1001: "The server went away for maintenance. Start again.",
  1006: "The connection broke off. Check the network, then start again.",
  1011: "The agent had a fault and ended the talk. Its call says which.",
  1013: "All lines are busy. Try again in a moment.",
};

/** The view, and the talk in it, which goes on while other views are shown. `told(talking)` is called as it begins and ends. */
export class Talk {
  constructor(options, told) {
    Object.assign(this, { options, told, line: null, elements: null });
    this.transcript = new Transcript({
      label: "What is said",
      empty: "Press the button and say hello. What both of you say appears here, with the tools that the agent uses.",
    });
    this.button = h("button", { type: "button", class: "call-button", onclick: () => this.toggle() }, "Start talking");
    this.state = h("p", { class: "state", role: "status" }, "Ready.");
    this.time = h("span", { class: "elapsed", "aria-hidden": "true" });
    this.mute = h(
      "button", { type: "button", "aria-pressed": "false", disabled: true, onclick: () => this.toggleMute() }, "Mute",
    );
    this.keypad = keypad((key) => this.press(key), () => this.showKeys(false));
    this.keys = h(
      "button",
      {
        type: "button", disabled: true, "aria-expanded": "false", "aria-controls": "keypad",
        onclick: () => this.showKeys(this.keypad.hidden),
      },
      "Keypad",
    );
    this.meters = { caller: meter("You"), agent: meter("Agent") };
    this.trouble = h("div", {});
    this.after = h("p", { class: "after" });
    this.choices = this.#choices();
    this.transcript.follow(true, { quietly: true });
  }

  /** Show it in `place`. */
  show(place) {
    this.elements ??= this.#elements();
    place.append(...this.elements);
    this.transcript.toEnd();
  }

  #elements() {
    const viewer = this.options.role === "viewer";
    if (viewer) {
      this.button.disabled = true;
      this.state.textContent = "Your role may look at calls; to talk, have Tabletalk.Operator assigned to you.";
    }
    return [
      h("h1", {}, "Talk to the agent"),
      h(
        "div",
        { class: "talk" },
        h(
          "section",
          { class: "panel controls", "aria-label": "Controls" },
          h("div", { class: "call-row" }, this.button, this.time),
          this.state,
          this.trouble,
          h("div", { class: "meters" }, this.meters.caller.element, this.meters.agent.element),
          h("div", { class: "row" }, this.mute, this.keys),
          this.keypad,
          this.after,
          this.choices,
        ),
        h("section", { class: "panel said", "aria-label": "Transcript" }, this.transcript.element),
      ),
    ];
  }

  leave() {
    this.line?.close();
    clearInterval(this.ticking);
  }

  async toggle() {
    if (this.button.hasAttribute("aria-disabled")) return;
    this.cancelled = this.line !== null;
    if (this.line) {
      this.line.close();
      return;
    }
    this.trouble.replaceChildren();
    this.after.replaceChildren();
    this.button.setAttribute("aria-disabled", "true"); // really disabled it would lose the focus
    try {
      await this.#start();
    } catch (error) {
      this.line?.close();
      this.line = null;
      this.button.textContent = "Start talking";
      this.choices.disabled = false;
      this.#say("Not talking.");
      this.trouble.replaceChildren(problemNote(error));
    }
    this.button.removeAttribute("aria-disabled");
  }

  async #start() {
    this.#say("Waiting for the microphone…");
    const stream = await openMicrophone();
    const line = new Line(stream);
    this.line = line;
    this.#say("Connecting…");
    const value = (name) => this.choices.querySelector(`#talk-${name}`)?.value ?? "";
    const prompt = value("prompt");
    const ticket = await post("/talk", {
      language: value("language"), voice: value("voice"), prompt: prompt === this.options.prompt ? "" : prompt,
    });
    this.transcript.clear();
    this.#listen(line, ticket);
    this.button.textContent = "Cancel";
    this.choices.disabled = true;
    await line.open(ticket);
  }

  #listen(line, ticket) {
    line.addEventListener("open", () => this.#opened(ticket));
    line.addEventListener("told", ({ detail }) => this.transcript.put(detail.type, detail));
    line.addEventListener("levels", ({ detail }) => this.meters[detail.who].show(detail.level));
    line.addEventListener("slow", () => this.#slow());
    line.addEventListener("deaf", () => this.#deaf());
    line.addEventListener("closed", ({ detail }) => this.#closed(detail, ticket));
  }

  #opened() {
    const begun = performance.now();
    this.ticking = setInterval(() => {
      this.time.textContent = clock((performance.now() - begun) / 1000);
    }, 500);
    this.time.textContent = clock(0);
    this.button.textContent = "Hang up";
    this.button.classList.add("on");
    for (const control of [this.mute, this.keys]) control.disabled = false;
    this.#talking();
    this.told(true);
  }

  #slow() {
    this.#say("The connection is slow: some of what you say gets lost.");
    clearTimeout(this.recovering);
    this.recovering = setTimeout(() => this.line && this.#talking(), SLOW_SHOWN_MS);
  }

  /** The microphone went away in the middle: the agent is heard still, and another one may do. */
  #deaf() {
    this.#say("The agent cannot hear you.");
    const again = async () => {
      try {
        const stream = await openMicrophone();
        if (!this.line) return stream.getTracks().forEach((track) => track.stop());
        this.line.hear(stream);
        this.trouble.replaceChildren();
        this.#talking();
        this.button.focus();
      } catch (error) {
        this.trouble.replaceChildren(problemNote(error, again));
      }
    };
    this.trouble.replaceChildren(problemNote(
      new MicrophoneError("The microphone went away", "it was unplugged, or this page may not listen any more", "connect or allow one, then try again; or hang up"),
      again,
    ));
  }

  #closed({ code, reason, opened }, ticket) {
    clearInterval(this.ticking);
    this.line = null;
    this.button.textContent = "Start talking";
    this.button.classList.remove("on");
    if ([this.mute, this.keys].includes(document.activeElement)) this.button.focus(); // they go
    for (const control of [this.mute, this.keys]) control.disabled = true;
    this.choices.disabled = false;
    this.mute.setAttribute("aria-pressed", "false");
    this.mute.textContent = "Mute";
    this.showKeys(false);
    this.trouble.replaceChildren();
    this.told(false);
    for (const one of Object.values(this.meters)) one.show(0);
    if (opened) this.#say(ENDS[code === 1005 ? 1000 : code] ?? `The talk has ended (${code}${reason ? `: ${reason}` : ""}).`);
    else this.#say(this.cancelled ? "Not talking." : "The line could not be opened: no bridge answers. Try again in a moment.");
    this.after.replaceChildren(h("a", { href: `#/calls/${ticket.id}` }, "See this call"));
  }

  #say(text) {
    this.state.textContent = text;
  }

  get #muted() {
    return this.mute.getAttribute("aria-pressed") === "true";
  }

  #talking() {
    this.#say(this.#muted ? "Muted: the agent hears silence." : "Talking. You can speak over the agent.");
  }

  toggleMute() {
    const muted = !this.#muted;
    this.line?.mute(muted);
    this.mute.setAttribute("aria-pressed", String(muted));
    this.#talking();
  }

  showKeys(shown) {
    const stood = this.keypad.contains(document.activeElement);
    this.keypad.hidden = !shown;
    this.keys.setAttribute("aria-expanded", String(shown));
    if (shown) this.keypad.querySelector("button").focus();
    else if (stood) (this.keys.disabled ? this.button : this.keys).focus();
  }

  press(key) {
    this.line?.press(key);
    announce(`pressed ${key}`);
  }

  #choices() {
    const { languages, voices, default_language: language, default_voice: voice, prompt } = this.options;
    return h(
      "fieldset",
      { class: "choices" },
      h("legend", {}, "For this talk"),
      field("Language", choice({ id: "talk-language" }, [
        ["", `As callers get it (${languageName(language)})`],
        ...languages.map((tag) => [tag, languageName(tag)]),
      ], "")),
      field("Voice", choice({ id: "talk-voice" }, [
        ["", `The agent's own (${voiceName(voice)})`],
        ...voices.filter((name) => name !== voice).map((name) => [name, voiceName(name)]),
      ], "")),
      prompt && h(
        "details",
        {},
        h("summary", {}, "Prompt"),
        field(
          "Instructions to the model",
          h("textarea", { id: "talk-prompt", rows: 12, maxlength: PROMPT_LIMIT, spellcheck: "false", value: prompt }),
          "Changes count for this talk alone.",
        ),
      ),
    );
  }
}

/** How loud somebody is, from -60 dB to full scale. */
function meter(name) {
  const bar = h("span", { class: "bar" });
  const track = h(
    "span",
    { class: "track", role: "meter", "aria-label": `Level: ${name}`, "aria-valuemin": 0, "aria-valuemax": 100, "aria-valuenow": 0 },
    bar,
  );
  let shown = 0;
  return {
    element: h("div", { class: "meter" }, h("span", { "aria-hidden": "true" }, name), track),
    show(level) {
      const db = level > 0 ? 20 * Math.log10(level) : QUIETEST_DB;
      const part = Math.max(0, Math.min(1, 1 - db / QUIETEST_DB));
      shown = level === 0 ? 0 : Math.max(part, shown * 0.85); // falls slower than it rises, to be readable
      bar.style.transform = `scaleX(${shown.toFixed(3)})`;
      track.setAttribute("aria-valuenow", Math.round(shown * 100));
    },
  };
}

function keypad(press, close) {
  const pad = h(
    "div",
    { id: "keypad", class: "keypad", role: "group", "aria-label": "Keypad", hidden: true },
    [..."123456789*0#"].map((key) => h("button", { type: "button", onclick: () => press(key) }, key)),
  );
  pad.addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
    if (key === "Escape") close();
    if (!ctrlKey && !metaKey && !altKey && "0123456789*#".includes(key)) press(key);
  });
  return pad;
}
