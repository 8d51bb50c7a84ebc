// The recording of a call: fetched when somebody wants to hear it, played beside the timeline.

import { getPart } from "./api.js";
import { announce, h, problemNote } from "./dom.js";
import { clock } from "./format.js";

export class Recording {
  /** `moved(seconds)` is called with the place on the timeline that is heard. */
  constructor(id, moved) {
    Object.assign(this, { id, moved, key: "", audio: null, url: "", offset: 0 });
    this.stop = new AbortController();
    this.element = h("div", { class: "recording", hidden: true });
  }

  close() {
    this.stop.abort();
    this.audio?.pause();
    if (this.url) URL.revokeObjectURL(this.url);
  }

  /** What there is of the call; anew only when that has changed, so that nobody is cut short. */
  show({ call, recording, actions, live_from: from }) {
    const key = JSON.stringify([recording, actions.listen, call.state]);
    if (key === this.key) return;
    this.key = key;
    this.element.hidden = recording === null;
    if (recording === null || this.audio !== null) return;
    this.offset = (new Date(recording.began_at) - new Date(from ?? call.rang_at)) / 1000;
    this.element.replaceChildren(...(actions.listen ? this.#offer(recording) : [h("p", { class: "muted" }, whyNot(call, recording))]));
  }

  /** Go to a place on the timeline, if the recording is there. */
  seek(seconds) {
    if (this.audio === null) return;
    this.audio.currentTime = Math.max(0, Math.min(seconds - this.offset, this.audio.duration || 0));
    this.#tell();
  }

  #offer(recording) {
    this.button = h("button", { type: "button", onclick: () => this.load() }, `Load the recording (${clock(recording.seconds)})`);
    this.trouble = h("div", {});
    return [
      h("div", { class: "row" }, this.button,
        !recording.complete && h("span", { class: "tag warn" }, "incomplete: what is missing is silent")),
      this.trouble,
    ];
  }

  async load() {
    this.button.disabled = true;
    this.trouble.replaceChildren();
    try {
      this.#play(await this.#fetch());
    } catch (error) {
      if (this.stop.signal.aborted) return;
      this.button.disabled = false;
      this.trouble.replaceChildren(problemNote(error));
    }
  }

  /** All of it, in parts: no answer is large, and there is progress to see. */
  async #fetch() {
    let parts = [];
    let at = 0;
    let total = 1;
    let tag = null;
    while (at < total) {
      const part = await getPart(`/calls/${this.id}/recording`, at, tag, { signal: this.stop.signal });
      if (part.first !== at) [parts, at] = [[], 0]; // it has grown meanwhile: all of it came anew
      parts.push(part.bytes);
      ({ total, tag } = part);
      at += part.bytes.byteLength;
      this.button.textContent = `Loading… ${Math.round((at / total) * 100)} %`;
    }
    return new Blob(parts, { type: "audio/wav" });
  }

  #play(blob) {
    this.url = URL.createObjectURL(blob);
    this.audio = h("audio", { controls: true, src: this.url, "aria-label": "Recording: caller left, agent right" });
    for (const event of ["timeupdate", "seeked", "loadedmetadata"]) this.audio.addEventListener(event, () => this.#tell());
    this.audio.addEventListener("play", () => this.#follow());
    this.button.replaceWith(this.audio, h("a", { href: this.url, download: `call-${this.id}.wav` }, "Save"));
    announce("The recording is loaded.");
    this.audio.focus();
  }

  /** Between two events of the player, too, so that the place moves and does not jump. */
  #follow() {
    if (this.audio.paused || this.stop.signal.aborted) return;
    this.#tell();
    requestAnimationFrame(() => this.#follow());
  }

  #tell() {
    this.moved(this.audio.currentTime + this.offset);
  }
}

function whyNot(call, recording) {
  if (recording.refused) return "The caller did not want this call to be recorded.";
  if (call.state !== "ended") return "This call is being recorded; it can be heard when it has ended.";
  return recording.bytes > 0 ? "There is a recording, which operators can hear." : "The recording has been deleted.";
}
