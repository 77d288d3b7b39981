// Questions that were sent and that the server has not confirmed. They outlive a reload, and are asked again under the same key,
// which the server takes once.
import { keep, recall } from "../storage.js";

export class Outbox {
  constructor(place) {
    this.name = `outbox:${place}`;
    let stored = null;
    try {
      stored = JSON.parse(recall(this.name, "session") ?? "{}");
    } catch {
      stored = {};
    }
    this.waiting = new Map(Object.entries(stored));
  }

  // {type, text, conversation, message, refused}
  put(key, question) {
    this.waiting.set(key, question);
    this.save();
  }

  get(key) {
    return this.waiting.get(key);
  }

  remove(key) {
    if (this.waiting.delete(key)) this.save();
  }

  of(conversation) {
    return [...this.waiting].filter(([, question]) => (question.conversation ?? null) === (conversation ?? null));
  }

  save() {
    keep(this.name, JSON.stringify(Object.fromEntries(this.waiting)), "session");
  }
}
