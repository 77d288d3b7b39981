// The turns on the page of a chat: what was said, what is being sent, and which version of it is shown.
import { Drawing } from "./drawing.js";
import { showBusy } from "./composer.js";
import { showEnd, words } from "./page.js";

export class Turns {
  // `drawn` is called after an answer was drawn.
  constructor(log, drawn) {
    this.log = log;
    this.end = document.getElementById("end");
    this.texts = new Map();
    this.drawing = new Drawing(drawn);
  }

  elementOf(id) {
    return this.log.querySelector(`[data-message="${id}"]`);
  }

  pendingOf(key) {
    return this.log.querySelector(`[data-request="${key}"]`);
  }

  get all() {
    return [...this.log.querySelectorAll(".turn[data-message]")];
  }

  firstId() {
    return this.all[0]?.dataset.message ?? "";
  }

  lastId() {
    return this.all.at(-1)?.dataset.message ?? "";
  }

  new(kind, before = this.end) {
    const element = document.getElementById(`turn-${kind}`).content.firstElementChild.cloneNode(true);
    before.before(element);
    document.getElementById("welcome").hidden = true;
    return element;
  }

  add(message, before = this.end) {
    const element = this.new(message.role, before);
    element.dataset.message = message.id;
    element.id = `m-${message.id}`;
    this.setText(element, message.text);
    this.showVersions(element, message.versions);
    return element;
  }

  // A question, or an answer asked for again, that the server has not taken yet.
  addPending(key, kind, text) {
    const element = this.new(kind);
    element.dataset.request = key;
    if (kind === "user") element.querySelector(".text").textContent = text;
    this.showSending(element, words("sending"));
    return element;
  }

  showSending(element, text) {
    element.classList.remove("unsent");
    element.classList.add("sending");
    showBusy(element, text);
  }

  showUnsent(element, text) {
    element.classList.remove("busy", "sending");
    element.classList.add("unsent");
    element.querySelector(".status").textContent = text;
  }

  setText(element, text) {
    this.texts.set(element.dataset.message, text);
    const box = element.querySelector(".text");
    if (element.classList.contains("assistant")) this.drawing.show(box, text);
    else box.textContent = text;
  }

  finish(element, message) {
    this.texts.set(message.id, message.text);
    this.drawing.finish(element.querySelector(".text"), message.text);
    showEnd(element, message);
  }

  // Takes an element and all that follows it off the page; what is returned puts them back.
  dropFrom(element) {
    const gone = [];
    for (let one = element; one && one !== this.end; one = one.nextElementSibling) gone.push(one);
    for (const one of gone) one.remove();
    return { gone, putBack: () => this.end.before(...gone.filter((one) => !one.isConnected)) };
  }

  showVersions(element, versions = []) {
    const box = element.querySelector(".versions");
    const at = versions.indexOf(element.dataset.message);
    element.versions = versions;
    box.hidden = at < 0;
    if (at < 0) return;
    box.querySelector(".version-count").textContent = `${at + 1} / ${versions.length}`;
    box.querySelector("[data-act=earlier]").disabled = at === 0;
    box.querySelector("[data-act=later]").disabled = at === versions.length - 1;
  }

  versionBeside(element, step) {
    return element.versions[element.versions.indexOf(element.dataset.message) + step];
  }

  // Makes the page show what the server says; what is right already is not touched. `under way` gets answers that come.
  show(messages, underWay) {
    const wanted = new Set(messages.map(({ id }) => id));
    for (const element of this.all) if (!wanted.has(element.dataset.message)) element.remove();
    let next = this.all[0] ?? this.log.querySelector(".turn[data-request]") ?? this.end;
    for (const message of messages) {
      const element = this.elementOf(message.id);
      if (element && element === next) next = element.nextElementSibling;
      else if (element) next.before(element);
      if (element) this.showVersions(element, message.versions);
      else {
        const added = this.add(message, next);
        if (message.role === "assistant" && !["pending", "streaming"].includes(message.state)) this.finish(added, message);
      }
      if (["pending", "streaming"].includes(message.state)) underWay(this.elementOf(message.id), message);
    }
  }
}
