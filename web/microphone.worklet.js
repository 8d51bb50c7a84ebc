// Runs in the audio thread: the microphone as frames of 20 ms, PCM16 at the rate of the line.

import { Resampler } from "./resample.js";

class Microphone extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.resampler = new Resampler(sampleRate, rate);
    this.length = rate / 50;
    this.frame = new Int16Array(this.length);
    this.filled = 0;
    this.sum = 0;
    this.muted = false;
    this.port.onmessage = ({ data }) => {
      this.muted = data.muted;
    };
  }

  process([input]) {
    const channel = input[0];
    if (channel === undefined) return true;
    for (const sample of this.resampler.push(channel)) {
      // A muted microphone sends silence, so that who listens hears the sentence end.
      const heard = this.muted ? 0 : Math.max(-1, Math.min(1, sample));
      this.sum += heard * heard;
      this.frame[this.filled] = heard * 32767;
      this.filled += 1;
      if (this.filled === this.length) this.#send();
    }
    return true;
  }

  #send() {
    const level = Math.sqrt(this.sum / this.length);
    const { buffer } = this.frame;
    this.port.postMessage({ frame: buffer, level }, [buffer]); // which empties this.frame
    this.frame = new Int16Array(this.length);
    this.filled = 0;
    this.sum = 0;
  }
}

registerProcessor("microphone", Microphone);
