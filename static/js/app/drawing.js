// Draws answers as they grow: at most once a frame, and never so often that drawing takes more than a fifth of the time.
import { GrowingMarkdown } from "./markdown.js";

const SHARE = 4;

export class Drawing {
  // `drawn` is called after each.
  constructor(drawn) {
    this.drawn = drawn;
    this.wanted = new Map();
    this.answers = new WeakMap();
    this.restUntil = 0;
  }

  answerOf(element) {
    if (!this.answers.has(element)) this.answers.set(element, new GrowingMarkdown(element));
    return this.answers.get(element);
  }

  show(element, text) {
    if (!this.wanted.size) this.ask();
    this.wanted.set(element, text);
  }

  ask() {
    const wait = this.restUntil - performance.now();
    if (wait > 0) setTimeout(() => requestAnimationFrame(() => this.draw()), wait);
    else requestAnimationFrame(() => this.draw());
  }

  draw() {
    const begun = performance.now();
    for (const [element, text] of this.wanted) this.answerOf(element).grow(text);
    this.wanted.clear();
    this.drawn();
    const ended = performance.now();
    this.restUntil = ended + SHARE * (ended - begun);
  }

  // The answer is complete: at once, so that it can be read aloud.
  finish(element, text) {
    this.wanted.delete(element);
    this.answerOf(element).end(text);
    this.drawn();
  }
}
