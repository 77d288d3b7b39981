// What every page of the studio does: theme, copying, confirmation, live jobs, notices.
import { copy } from "./clipboard.js";
import { watchJobs } from "./jobs.js";
import { toast } from "./toast.js";

document.addEventListener("click", async (event) => {
  const toggle = event.target.closest("[data-theme-toggle]");
  if (toggle) {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", root.dataset.bsTheme);
    document.dispatchEvent(new CustomEvent("theme-changed"));
  }
  const copier = event.target.closest("[data-copy]");
  if (copier) {
    const source = document.querySelector(copier.dataset.copy);
    await copy("value" in source ? source.value : source.textContent.trim());
    toast(copier.dataset.copied, "success");
  }
});

document.addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (question && !window.confirm(question)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.body.addEventListener("htmx:responseError", (event) => {
  const page = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html");
  const text = page.querySelector(".empty-state p")?.textContent;
  toast(text || `${event.detail.xhr.status} ${event.detail.xhr.statusText}`, "danger");
});

// What a person opened stays open when htmx brings a newer state of it. (The focus stays by itself: htmx looks for its id.)
let opened = [];
document.body.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.detail.target.querySelectorAll("details[open][id]")].map((details) => details.id);
});
document.body.addEventListener("htmx:afterSwap", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

watchJobs(document);
document.body.addEventListener("htmx:load", (event) => watchJobs(event.detail.elt));

// A notice when a job that this person started ends, whichever page is open.
const notices = document.body.dataset.jobsNotices;
const MOST_NOTICES = 3;
async function showNotices() {
  const response = await fetch(notices, { headers: { Accept: "application/json" } });
  if (!response.ok) return;
  // Whoever looks at the page of the job sees it end there.
  const elsewhere = (await response.json()).notices.filter((notice) => notice.url !== location.pathname);
  for (const notice of elsewhere.slice(0, MOST_NOTICES)) toast(notice.text, notice.level, notice.url);
}
if (notices) {
  showNotices();
  setInterval(() => document.visibilityState === "visible" && showNotices().catch(() => {}), 10000);
}
