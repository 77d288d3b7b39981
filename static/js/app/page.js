// What both kinds of app pages share: words, theme, history, state lines, copying, judging.
import { copy } from "../clipboard.js";
import { number } from "../figures.js";
import { keep } from "../storage.js";

const data = JSON.parse(document.getElementById("page-data").textContent);
export const page = data;

export function words(key, values = {}) {
  return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), data.strings[key] ?? "");
}

const MOST_SPOKEN = 400;

// The same words twice in a row are a change only when they were gone in between.
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}

// An answer is spoken once, when it is complete, as it reads (`spoken`) and not as Markdown; why it ended otherwise, its own
// line says.
export function announceEnd(detail, spoken = detail.text) {
  const said = spoken || (detail.labels ?? []).slice(0, 1).map(({ label }) => label).join();
  announce([endText(detail) ? "" : words("answer_ready"), said.slice(0, MOST_SPOKEN)].filter(Boolean).join(" "));
}

export function isCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

// Keys belong to the input method while it composes; Safari sends the last Enter after the end, as key 229.
export function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

function applyHighlightTheme() {
  const theme = document.documentElement.dataset.bsTheme;
  for (const sheet of document.querySelectorAll("link[data-when]")) sheet.disabled = sheet.dataset.when !== theme;
}

// The frame may be in the panel of the button (publishing/bubble.js). A browser allows no autofocus there, so that the panel
// asks for it; and Escape closes the panel, unless an answer is to be stopped.
function startInFrame() {
  if (window.parent === window) return;
  window.addEventListener("message", ({ source, data }) => {
    if (source === window.parent && data?.maquette === "focus") document.getElementById("text")?.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || isComposing(event)) return;
    if (document.getElementById("stop")?.hidden !== false) window.parent.postMessage({ maquette: "escape" }, "*");
  }, { capture: true });
}

export function startPage() {
  startInFrame();
  applyHighlightTheme();
  new MutationObserver(applyHighlightTheme).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  document.getElementById("theme-toggle")?.addEventListener("click", () => {
    const root = document.documentElement;
    root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
    keep("theme", root.dataset.bsTheme);
  });
  const toggle = document.getElementById("history-toggle");
  const history = document.getElementById("history");
  toggle?.addEventListener("click", () => {
    const open = history.classList.toggle("open");
    toggle.setAttribute("aria-expanded", String(open));
    if (open) (history.querySelector("a") ?? history).focus();
  });
  for (const part of [history, toggle])
    part?.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || isComposing(event) || !history.classList.contains("open")) return;
      event.stopPropagation();
      closeHistory(history, toggle);
      toggle.focus();
    });
  // On a phone it lies over the app: the focus would go on behind it.
  history?.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget && !relatedTarget.closest("#history, #history-toggle")) closeHistory(history, toggle);
  });
  document.addEventListener("click", (event) => {
    if (history && !event.target.closest("#history, #history-toggle")) closeHistory(history, toggle);
  });
}

function closeHistory(history, toggle) {
  history.classList.remove("open");
  toggle?.setAttribute("aria-expanded", "false");
}

// The address of the conversation, so that a reload shows it, and its entry in the history.
export function rememberConversation(conversation) {
  const address = page.conversation_url.replace("00000000-0000-0000-0000-000000000000", conversation.id);
  const isNew = page.conversation !== conversation.id;
  page.conversation = conversation.id;
  const field = document.querySelector("input[name=conversation]");
  if (field) field.value = conversation.id;
  if (!isNew) return;
  window.history.replaceState(null, "", address);
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = address;
  link.textContent = conversation.title;
  link.dir = "auto";
  link.setAttribute("aria-current", "page");
  for (const other of document.querySelectorAll("#history [aria-current]")) other.removeAttribute("aria-current");
  item.append(link);
  document.getElementById("history-list").prepend(item);
  document.getElementById("history-empty").hidden = true;
}

export function watchLine(connection, onClosed) {
  const note = document.getElementById("offline");
  connection.addEventListener("offline", ({ detail }) => {
    note.hidden = !detail.offline;
    note.textContent = detail.offline ? words("offline") : "";
  });
  connection.addEventListener("closed", ({ detail }) => {
    note.hidden = false;
    note.textContent = detail.text || words(detail.why ?? "closed");
    note.classList.add("final");
    onClosed();
  });
}

// Two buttons in one place: the focus moves from the one that goes to the one that comes.
export function showOneOf(button, other) {
  const hadFocus = document.activeElement === other;
  button.hidden = false;
  other.hidden = true;
  if (hadFocus) button.focus({ preventScroll: true });
}

// What a reply is doing, in words; never a lone spinner.
export function stateText(detail) {
  if (detail.state === "waiting" && detail.position) return words("waiting_position", detail);
  return words(detail.state);
}

export function endText(detail) {
  if (detail.error) return detail.error.text || words("failed");
  if (detail.state === "stopped") return words("stopped");
  if (detail.finish_reason === "length") return words("length");
  if (detail.state === "interrupted") return words("interrupted");
  if (detail.state === "failed") return words("failed");
  if (!detail.text && !detail.labels) return words("empty_answer");
  return "";
}

export function showEnd(element, detail) {
  const status = element.querySelector(".status");
  const notes = [endText(detail), detail.left_out && detail.text ? words("left_out") : ""].filter(Boolean);
  status.textContent = notes.join(" ");
  element.classList.remove("busy");
  element.classList.toggle("failed", ["failed", "interrupted"].includes(detail.state));
  const figures = element.querySelector(".figures");
  if (figures && detail.output_tokens && detail.total_ms)
    figures.textContent = words("figures", { tokens: detail.output_tokens, seconds: number(detail.total_ms / 1000, 1) });
  showJudgement(element, detail.helped);
}

export function showJudgement(element, helped) {
  element.querySelector("[data-act=helped]")?.setAttribute("aria-pressed", String(helped === true));
  element.querySelector("[data-act=unhelped]")?.setAttribute("aria-pressed", String(helped === false));
}

// Copy and judge: the same for every kind of answer.
export function commonTool(connection, act, element, text) {
  if (act === "copy") copy(text).then(() => showCopied(element.querySelector(".turn-tools [data-act=copy]")));
  if (act === "helped" || act === "unhelped") {
    const helped = act === "helped";
    connection.do({ type: "feedback", message: element.dataset.message, helped });
    showJudgement(element, helped);
    announce(words("thanks"));
  }
}

export function showCopied(button) {
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
  announce(words("copied"));
}
