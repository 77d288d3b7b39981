// The figures of one run by step. Reads the points that it does not have yet.
import { readLive } from "./session.js";

// A long run is read again once it has more points than that: the server sends it thinned.
const MOST_HELD = 4000;

export class RunPoints {
  constructor(address) {
    this.address = address;
    this.byStep = new Map();
    this.last = 0;
  }

  get steps() {
    return [...this.byStep.keys()].sort((a, b) => a - b);
  }

  // Whether the server answered.
  async read() {
    const after = this.byStep.size > MOST_HELD ? 0 : this.last;
    const response = await readLive(`${this.address}?after=${after}`);
    if (!response?.ok) return false;
    const answer = await response.json();
    if (!after) this.byStep.clear();
    this.last = answer.last;
    // A run that continues from a checkpoint repeats the steps after it. The older points no longer count.
    const first = answer.points[0]?.[0];
    for (const step of this.steps.filter((one) => one >= first)) this.byStep.delete(step);
    for (const [step, , values] of answer.points) this.byStep.set(step, { ...this.byStep.get(step), ...values });
    return true;
  }
}
