// A page that waits for a job is loaded again when the job has ended, unless a person is using it at that moment: what they
// type, select or open is theirs, and a way to another page goes on. Such a page offers its new state instead.
const PRESS_MS = 400;
const LEAVING_MS = 15000;
const TEXT_FIELDS = "textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])";
const touched = new Set();
let isPressed = false;
let leavingUntil = 0;

for (const type of ["input", "change"]) document.addEventListener(type, ({ target, isTrusted }) => isTrusted && touched.add(target), true);
document.addEventListener("pointerdown", () => (isPressed = true), true);
// Between the release and what follows from it, a click is still on its way.
for (const type of ["pointerup", "pointercancel"]) document.addEventListener(type, () => setTimeout(() => (isPressed = false), PRESS_MS), true);
// Fires as soon as the way to another page begins, long before the page is there; for a download, the page stays.
window.addEventListener("beforeunload", () => (leavingUntil = performance.now() + LEAVING_MS));

function isChanged(field) {
  // Filters of a list stand in its address: loading the page again keeps them.
  if (!field.isConnected || field.closest("form[method=get]")) return false;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field.type === "file") return field.files.length > 0;
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
}

export function isInUse() {
  return (
    performance.now() < leavingUntil ||
    document.activeElement?.matches(TEXT_FIELDS) ||
    [...touched].some(isChanged) ||
    !document.getSelection().isCollapsed ||
    document.querySelector("form.htmx-request, dialog[open], .dropdown-menu.show") !== null
  );
}

function settle(line) {
  if (isPressed) setTimeout(() => settle(line), PRESS_MS);
  else if (isInUse()) line.hidden = false;
  else {
    location.reload();
    return true;
  }
  return false;
}

// Whether the page is being loaded again.
export function reloadWhenIdle(root) {
  const line = root.matches?.("[data-reload]") ? root : root.querySelector("[data-reload]");
  return line !== null && settle(line);
}
