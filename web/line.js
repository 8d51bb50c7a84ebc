// One talk: microphone and loudspeaker on one side, the media socket of the bridge on the other.

const SLOW_BYTES = 200_000;
/** Waiting to be sent, about three seconds of speech: more would only be heard too late. */
const KEYS = "0123456789*#";
const PATIENCE_MS = 15_000;
/** For the socket to open. */

/** Why there is no microphone, with what to do about it. */
export class MicrophoneError extends Error {
  constructor(title, message, fix) {
    super(message);
    this.title = title;
    this.fix = fix;
  }
}

/** Ask for the microphone. Raises MicrophoneError. */
export async function openMicrophone() {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new MicrophoneError(
      "No microphone here",
      "browsers give pages a microphone only over https, or on the machine itself",
      "open this page by its https address, or by http://127.0.0.1 on the machine it runs on",
    );
  }
  const wanted = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: wanted });
  } catch (error) {
    throw whyNot(error);
  }
}

function whyNot(error) {
  switch (error.name) {
    case "NotAllowedError":
      return new MicrophoneError(
        "The microphone is blocked",
        "this browser, or the system it runs on, was told not to let this page listen",
        "press the symbol beside the address of this page, allow the microphone, then start again. If nothing is " +
          "blocked there, allow this browser the microphone in the privacy settings of your system",
      );
    case "NotFoundError":
      return new MicrophoneError("No microphone found", "none is connected", "connect one, then start again");
    case "NotReadableError":
      return new MicrophoneError(
        "The microphone is in use", "another program holds it", "close that program, then start again",
      );
    default:
      return new MicrophoneError("The microphone does not work", error.message, "try another one, or another browser");
  }
}

/**
 * A talk over `ticket` (of POST /talk) with `stream`. What happens is told as events:
 * "open", "told" (detail: a frame about a turn or a tool), "levels" (detail: {who, level}), "stopped" (the agent was
 * cut short), "slow", "deaf" (the microphone went away; `hear` takes another), "closed" (detail: {code, reason}, and
 * `opened`: whether it ever was open).
 */
export class Line extends EventTarget {
  #stream;
  #context;
  #microphone;
  #loudspeaker;
  #socket;
  #source;
  #opened = false;

  constructor(stream) {
    super();
    this.#stream = stream;
  }

  /** Begin. Call it as long as the press of a button counts, or the browser lets nothing be heard. */
  async open(ticket) {
    await this.#sound(ticket.sample_rate);
    const socket = new WebSocket(ticket.url);
    this.#socket = socket;
    const patience = setTimeout(() => socket.close(), PATIENCE_MS);
    socket.addEventListener("open", () => {
      clearTimeout(patience);
      this.#opened = true;
      this.#send({ type: "start", sample_rate: ticket.sample_rate });
      this.#source.connect(this.#microphone);
      this.#watch(this.#stream);
      this.#tell("open");
    });
    socket.addEventListener("message", ({ data }) => this.#receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code, reason }) => {
      clearTimeout(patience);
      this.#release();
      this.#tell("closed", { code, reason, opened: this.#opened });
    });
  }

  /** Go on with another microphone. */
  hear(stream) {
    this.#source.disconnect();
    for (const track of this.#stream.getTracks()) track.stop();
    this.#stream = stream;
    this.#source = this.#context.createMediaStreamSource(stream);
    this.#source.connect(this.#microphone);
    this.#watch(stream);
  }

  /** A track ends by itself when its device is unplugged or leave is taken back. */
  #watch(stream) {
    const [track] = stream.getAudioTracks();
    track?.addEventListener("ended", () => {
      if (this.#stream === stream) this.#tell("deaf");
    });
  }

  mute(muted) {
    this.#microphone?.port.postMessage({ muted });
  }

  press(key) {
    if (KEYS.includes(key)) this.#send({ type: "key", key });
  }

  /** Hang up. */
  close() {
    this.#release();
    this.#socket?.close(1000);
  }

  /** Both worklets in one context at the rate of the line; where a browser cannot do that, at its own rate. */
  async #sound(rate) {
    this.#context = new AudioContext({ sampleRate: rate, latencyHint: "interactive" });
    try {
      this.#source = this.#context.createMediaStreamSource(this.#stream);
    } catch {
      await this.#context.close(); // Firefox mixes no rates
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#source = this.#context.createMediaStreamSource(this.#stream);
    }
    const { audioWorklet } = this.#context;
    await Promise.all([
      audioWorklet.addModule("microphone.worklet.js"),
      audioWorklet.addModule("loudspeaker.worklet.js"),
    ]);
    await this.#context.resume();
    const processorOptions = { rate };
    this.#microphone = new AudioWorkletNode(this.#context, "microphone", {
      numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit", processorOptions,
    });
    this.#microphone.port.onmessage = ({ data }) => this.#spoken(data);
    this.#loudspeaker = new AudioWorkletNode(this.#context, "loudspeaker", { numberOfInputs: 0, processorOptions });
    this.#loudspeaker.port.onmessage = ({ data }) => {
      if (data.flushed) this.#tell("stopped");
      else this.#tell("levels", { who: "agent", level: data.level });
    };
    this.#loudspeaker.connect(this.#context.destination);
  }

  #spoken({ frame, level }) {
    this.#tell("levels", { who: "caller", level });
    if (this.#socket?.bufferedAmount > SLOW_BYTES) this.#tell("slow");
    else this.#send({ type: "audio", audio: base64(frame) });
  }

  #receive(frame) {
    if (frame.type === "audio") {
      const pcm = bytes(frame.audio);
      this.#loudspeaker?.port.postMessage(pcm, [pcm]);
    } else if (frame.type === "stop") this.#loudspeaker?.port.postMessage("flush");
    else this.#tell("told", frame);
  }

  #send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  #release() {
    for (const track of this.#stream.getTracks()) track.stop();
    if (this.#context?.state !== "closed") void this.#context?.close();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

function base64(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)));
}

function bytes(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}
