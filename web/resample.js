// From one sample rate to another, in a stream: a windowed sinc, which keeps what lies above the lower of the two
// out of the other.

const TAPS = 16;
/** Zero crossings of the sinc on either side. */

export class Resampler {
  constructor(from, to) {
    this.step = from / to;
    this.cutoff = Math.min(1, to / from);
    this.reach = Math.ceil(TAPS / this.cutoff);
    this.held = new Float32Array(2 * this.reach);
    this.at = this.reach;
    /** Where in `held` the next sample of the output lies. */
  }

  /** The output that `input` (Float32Array) completes. Any block length will do. */
  push(input) {
    if (this.step === 1) return input;
    const samples = new Float32Array(this.held.length + input.length);
    samples.set(this.held);
    samples.set(input, this.held.length);
    const output = [];
    while (this.at + this.reach < samples.length) {
      output.push(this.#value(samples));
      this.at += this.step;
    }
    const done = Math.max(0, Math.floor(this.at) - this.reach);
    this.held = samples.slice(done);
    this.at -= done;
    return Float32Array.from(output);
  }

  #value(samples) {
    const middle = Math.floor(this.at);
    let sum = 0;
    let weights = 0;
    for (let n = middle - this.reach + 1; n <= middle + this.reach; n += 1) {
      const distance = this.at - n;
      const x = Math.PI * distance * this.cutoff;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (this.reach + 1));
      const weight = (x === 0 ? 1 : Math.sin(x) / x) * window;
      sum += weight * samples[n];
      weights += weight;
    }
    return sum / weights;
  }
}
