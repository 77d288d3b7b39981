// What every page of the studio does: theme, copying, confirmation, live jobs, notices.
import { copy } from "./clipboard.js";
import { watchJobs } from "./jobs.js";
import { countCharacters } from "./limits.js";
import { reloadWhenIdle } from "./reload.js";
import { toast } from "./toast.js";
import { say, sayJobs } from "./said.js";
import { readLive } from "./session.js";
import { keep } from "./storage.js";

let opened = [];

document.addEventListener("click", async (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (toggle) {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    keep("theme", root.dataset.bsTheme);
    document.dispatchEvent(new CustomEvent("theme-changed"));
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const source = document.querySelector(copier.dataset.copy);
    await copy("value" in source ? source.value : source.textContent.trim());
    toast(copier.dataset.copied, "success");
  }
});

// A button pressed twice is one wish: while the answer is on its way, the same form is not sent again.
const TWICE_MS = 3000;
const sent = new WeakMap();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  const isAgain = event.timeStamp - (sent.get(form) ?? -TWICE_MS) < TWICE_MS;
  const question = form.dataset.confirm;
  if (isAgain || (question && !window.confirm(question))) event.preventDefault();
  else if (form.getAttribute("method") === "post") sent.set(form, event.timeStamp);
});

// After a refusal the focus goes to the first invalid field.
document.querySelector("main .is-invalid, main [aria-invalid='true']")?.focus();

// What opened over the page goes with Escape, and the focus goes back to what opened it.
document.addEventListener("keydown", (event) => {
  const popup = event.key === "Escape" && !event.isComposing && event.keyCode !== 229 && event.target.closest("details.rename[open]");
  if (!popup) return;
  popup.open = false;
  popup.querySelector("summary").focus();
});

// The arrows change a select at every step: on the keyboard Enter confirms the choice.
let stepping = null;
document.addEventListener("keydown", (event) => {
  if (!event.target.matches("select[data-submit-on-change]")) return;
  if (event.key === "Enter" && !event.isComposing && stepping === event.target) event.target.form.requestSubmit();
  else if (event.key !== "Tab") stepping = event.target;
});
document.addEventListener("pointerdown", () => {
  stepping = null;
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]") && stepping !== event.target) event.target.form.requestSubmit();
});

// What scrolls sideways can be reached by key.
function makeScrollable() {
  for (const box of document.querySelectorAll(".table-responsive, pre, .bounded, .cell")) {
    if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) box.tabIndex = 0;
  }
}
makeScrollable();
window.addEventListener("resize", makeScrollable);
document.addEventListener("toggle", makeScrollable, true);
document.body.addEventListener("htmx:load", makeScrollable);

document.body.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const text = page.querySelector(".empty-state p")?.textContent;
  toast(text || `${document.getElementById("toasts").dataset.failed} (${event.detail.xhr.status})`, "danger");
});

// Only of what a person asked for: parts of the page that follow the studio try again by themselves.
document.body.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.elt.closest("form, a, button")) toast(document.getElementById("toasts").dataset.unreachable, "danger");
});

// The same search sent twice (typed, then left) is one step for the browser's Back.
document.body.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { history } }) => {
  const { pathname, search } = new URL(history.path, location.href);
  if (pathname === location.pathname && search === location.search) history.type = "replace";
});

// A part of the page that is replaced while it is read keeps what was opened; htmx keeps the focus by id.
document.body.addEventListener("htmx:beforeSwap", ({ detail }) => {
  opened = [...detail.target.querySelectorAll("details[open][id]")].map((one) => one.id);
});
document.body.addEventListener("htmx:afterSettle", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  opened = [];
});

// The address of a searched list holds what was asked and nothing that is empty, and keeps where the other lists are by now.
document.body.addEventListener("htmx:configRequest", ({ detail }) => {
  const form = detail.elt.closest("form.list-tools");
  if (!form) return;
  for (const { name } of form.querySelectorAll("[data-other]")) delete detail.parameters[name];
  for (const [name, value] of new URLSearchParams(location.search)) {
    const isOwn = form.elements[name] && !("other" in form.elements[name].dataset);
    if (!isOwn && name !== form.dataset.page) detail.parameters[name] = value;
  }
  for (const name of Object.keys(detail.parameters)) if (detail.parameters[name] === "") delete detail.parameters[name];
});

// How much a search found is said once it is there.
document.body.addEventListener("htmx:afterSettle", ({ target }) => {
  const count = target.id?.endsWith("results") && target.querySelector(".list-count");
  if (count) say(count.textContent.trim());
});

countCharacters(document);
watchJobs(document);
sayJobs();
document.body.addEventListener("htmx:load", (event) => {
  countCharacters(event.detail.elt);
  watchJobs(event.detail.elt);
  // A page that is loaded again says then what became of its job.
  if (!reloadWhenIdle(event.detail.elt)) sayJobs();
});

// A notice when a job that this person started ends, whichever page is open.
const notices = document.body.dataset.jobsNotices;
const MOST_NOTICES = 3;
async function showNotices() {
  const response = await readLive(notices, { headers: { Accept: "application/json" } });
  if (!response?.ok) return;
  // The page of the job itself shows that it ended.
  const elsewhere = (await response.json()).notices.filter((notice) => notice.url !== location.pathname);
  for (const notice of elsewhere.slice(0, MOST_NOTICES)) toast(notice.text, notice.level, notice.url);
}
if (notices) {
  showNotices().catch(() => {});
  setInterval(() => document.visibilityState === "visible" && showNotices().catch(() => {}), 10000);
}
