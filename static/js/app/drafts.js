// What is typed and not sent yet outlives a reload of the tab.
import { forget, keep, recall } from "../storage.js";

// `place` names the conversation or the form. A draft that waits is put into the field.
export function keepDraft(field, place) {
  const name = () => `draft:${place()}`;
  const waiting = recall(name(), "session");
  if (waiting) field.value = waiting;
  field.addEventListener("input", () => {
    if (field.value) keep(name(), field.value, "session");
    else forget(name(), "session");
  });
  return Boolean(waiting);
}

export function dropDraft(place) {
  forget(`draft:${place}`, "session");
}
