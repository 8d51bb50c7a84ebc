// Runs in the audio thread: plays what comes, after a small reserve has gathered, and drops all of it at once when
// told to.

import { Resampler } from "./resample.js";

const RESERVE_SECONDS = 0.04;
/** Gathered before playing: what the network may be late by. */
const LONGEST_WAIT_SECONDS = 0.08;
/** After which a sound shorter than the reserve is played all the same. */
const FADE_SECONDS = 0.004;
/** A sound that is cut off fades so long, or it would click. */
const LEVEL_EVERY_SECONDS = 0.05;

class Loudspeaker extends AudioWorkletProcessor {
  constructor({ processorOptions: { rate } }) {
    super();
    this.rate = rate;
    this.port.onmessage = ({ data }) => (data === "flush" ? this.#flush() : this.#add(data));
    this.#clear();
    this.fade = 1;
    this.last = 0;
    this.sum = 0;
    this.counted = 0;
  }

  process(_, [output]) {
    const channel = output[0];
    this.#begin(channel.length);
    for (let n = 0; n < channel.length; n += 1) channel[n] = this.#next();
    for (const other of output.slice(1)) other.set(channel);
    this.#level(channel);
    return true;
  }

  #clear() {
    this.blocks = [];
    this.position = 0;
    this.waiting = 0;
    this.samples = 0;
    this.playing = false;
    this.resampler = new Resampler(this.rate, sampleRate);
  }

  #add(pcm) {
    const samples = Float32Array.from(new Int16Array(pcm), (value) => value / 32768);
    const block = this.resampler.push(samples);
    this.blocks.push(block);
    this.samples += block.length;
  }

  #flush() {
    this.#clear();
    this.port.postMessage({ flushed: true });
  }

  #begin(length) {
    if (this.playing || this.samples === 0) return;
    this.waiting += length / sampleRate;
    this.playing = this.samples >= RESERVE_SECONDS * sampleRate || this.waiting >= LONGEST_WAIT_SECONDS;
    if (this.playing) this.waiting = 0;
  }

  #next() {
    if (!this.playing) {
      this.last *= 1 - 1 / (FADE_SECONDS * sampleRate / 4);
      return this.last;
    }
    const block = this.blocks[0];
    this.last = block[this.position];
    this.position += 1;
    this.samples -= 1;
    if (this.position === block.length) {
      this.blocks.shift();
      this.position = 0;
      while (this.blocks.length > 0 && this.blocks[0].length === 0) this.blocks.shift();
      this.playing = this.blocks.length > 0;
    }
    return this.last;
  }

  #level(channel) {
    for (const sample of channel) this.sum += sample * sample;
    this.counted += channel.length;
    if (this.counted < LEVEL_EVERY_SECONDS * sampleRate) return;
    this.port.postMessage({ level: Math.sqrt(this.sum / this.counted) });
    this.sum = 0;
    this.counted = 0;
  }
}

registerProcessor("loudspeaker", Loudspeaker);
