// What is typed and not sent yet outlives a reload of the tab.
import { forget, keep, recall } from "../storage.js";

// `place` names the conversation or the form, `text` is what to keep of it. A draft that waits is put into the field.
export function keepDraft(field, place, text = () => field.value) {
  const name = () => `draft:${place()}`;
  const waiting = recall(name(), "session");
  if (waiting) field.value = waiting;
  field.addEventListener("input", () => {
    if (text()) keep(name(), text(), "session");
    else forget(name(), "session");
  });
  return Boolean(waiting);
}

export function dropDraft(place) {
  forget(`draft:${place}`, "session");
}

// An edit of a question that was sent, {message, text}; null ends it.
export function keepEdit(place, edit) {
  if (edit) keep(`edit:${place}`, JSON.stringify(edit), "session");
  else forget(`edit:${place}`, "session");
}

export function begunEdit(place) {
  return JSON.parse(recall(`edit:${place}`, "session") ?? "null");
}
