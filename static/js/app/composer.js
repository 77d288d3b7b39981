// The field of an app page: what is typed, sent, refused and stopped, the same for chats and for texts.
import { lengthOf } from "../characters.js";
import { isComposing, showOneOf, watchLine, words } from "./page.js";

// Ctrl+Enter sends everywhere; Enter alone where there is a keyboard on which Shift+Enter makes a line.
export function isEnterForSending(event) {
  if (event.key !== "Enter" || isComposing(event)) return false;
  return event.ctrlKey || event.metaKey || !(event.shiftKey || matchMedia("(pointer: coarse)").matches);
}

// Puts text into a field as if it were typed, so that Undo brings back what stood there.
export function typeInto(field, text) {
  const before = document.activeElement;
  field.focus({ preventScroll: true });
  field.select();
  const isTyped = text ? document.execCommand("insertText", false, text) : document.execCommand("delete");
  if (!isTyped && field.value !== text) {
    field.value = text;
    field.dispatchEvent(new Event("input"));
  }
  if (before !== field) before?.focus({ preventScroll: true });
}

export class Composer {
  // `submit` sends what is typed; `stopping` shows that an answer is being stopped.
  constructor(connection, { submit, stopping }) {
    this.connection = connection;
    this.stopping = stopping;
    this.answering = null;
    this.form = document.getElementById("composer");
    this.field = document.getElementById("text");
    this.refused = document.getElementById("refused");
    this.send = document.getElementById("send");
    this.stop = document.getElementById("stop");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    if (matchMedia("(pointer: coarse)").matches) this.field.enterKeyHint = "enter";
    this.field.addEventListener("input", () => this.refuse(""));
    this.stop.addEventListener("click", () => this.stopAnswer());
    for (const button of document.querySelectorAll("[data-suggestion]"))
      button.addEventListener("click", () => {
        submit(button.textContent.trim());
      });
    watchLine(connection, () => {
      this.field.disabled = this.send.disabled = true;
      this.setAnswering(null);
    });
    connection.addEventListener("refused", ({ detail }) => {
      this.refuse(detail.text);
      if (this.answering === "sending") this.setAnswering(null);
    });
  }

  // The id of the reply that is under way, "sending" before it has one, or null.
  setAnswering(id) {
    this.answering = id;
    showOneOf(id ? this.stop : this.send, id ? this.send : this.stop);
  }

  refuse(text) {
    this.refused.textContent = text;
    this.refused.hidden = !text;
  }

  fill(text) {
    this.field.value = text;
    this.field.dispatchEvent(new Event("input"));
  }

  // What can be sent now, of a text that is given or of what is typed; empty, and refused in words where that helps, when
  // nothing can.
  take(given = "") {
    const text = given || this.field.value;
    if (!text.trim() || this.answering || this.connection.gone) return "";
    const over = lengthOf(text) - Number(this.field.dataset.most);
    this.refuse(over > 0 ? words("too_long", { over }) : "");
    return over > 0 ? "" : text;
  }

  stopAnswer() {
    if (!this.answering || this.answering === "sending") return;
    this.connection.do({ type: "stop", message: this.answering });
    this.stopping(this.answering);
  }
}

// Shows what a reply is doing, until it ends.
export function showBusy(element, text) {
  element.classList.add("busy");
  element.querySelector(".status").textContent = text;
}

// The events of replies. `elementOf` finds where a reply is shown; what it does not find is passed over.
export function followReplies(connection, { elementOf, progress, state, ended }) {
  const here = (act) => ({ detail }) => {
    const element = elementOf(detail.id);
    if (element) act(element, detail);
  };
  connection.addEventListener("progress", here((element, detail) => progress(element, detail.text)));
  connection.addEventListener("state", here(state));
  for (const end of ["end", "stored"])
    connection.addEventListener(end, here((element, detail) => {
      element.classList.remove("saying");
      ended(element, detail);
    }));
}
