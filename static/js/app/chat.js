// A chat: questions and answers down the page, streamed, with stop, edit, again, versions, copy and judging.
import { copy } from "../clipboard.js";
import { codeOf } from "./code_block.js";
import { Composer, followReplies, isEnterForSending, showBusy } from "./composer.js";
import { Connection } from "./connection.js";
import { begunEdit, keepDraft, keepEdit } from "./drafts.js";
import { spokenText } from "./markdown.js";
import { Outbox } from "./outbox.js";
import { announce, announceEnd, commonTool, isComposing, page, rememberConversation, showCopied, startPage, stateText, words } from "./page.js";
import { Turns } from "./turns.js";

const log = document.getElementById("log");
const scroller = document.getElementById("scroller");
const toEnd = document.getElementById("to-end");
const kept = document.getElementById("kept");

const turns = new Turns(log, () => scrollToEnd());
const outbox = new Outbox(page.home);
const dropped = new Map();
let editing = null;
let stashed = "";
let atEnd = true;

startPage();
const connection = new Connection(page);
const composer = new Composer(connection, { submit, stopping: (id) => showBusy(turns.elementOf(id), words("stopping")) });
const { field } = composer;
const place = () => (page.conversation ? `${page.home}${page.conversation}` : page.home);
// While a question is edited, the field shows its text; the draft is what stood there before.
keepDraft(field, place, () => (editing ? stashed : field.value));
field.addEventListener("input", () => editing && keepEdit(place(), { message: editing, text: field.value }));

// The page follows the answer only while its reader is at the bottom.
scroller.addEventListener("scroll", lookWhere);
toEnd.addEventListener("click", () => scrollToEnd(true));
function lookWhere() {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  toEnd.hidden = atEnd;
}
// A page that became as short as the window is at its end without having scrolled.
function scrollToEnd(always = false) {
  if (!always && !atEnd) return;
  scroller.scrollTop = scroller.scrollHeight;
  lookWhere();
}

function grow() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, window.innerHeight * 0.4)}px`;
}

// `given`: a suggestion; what is typed stays where it is.
function submit(given = "") {
  const text = composer.take(given);
  if (!text) return;
  const question = editing ? { type: "edit", message: editing, text } : { type: "ask", text };
  if (!given) leaveEditing();
  send(question, given ? undefined : question.message);
}

// What an edit or another answer replaces goes at once; should that be refused, it comes back.
function send(question, replaced) {
  const key = connection.newKey();
  const asked = { ...question, conversation: page.conversation, known: turns.lastId() };
  const element = replaced && turns.elementOf(replaced);
  if (element) dropped.set(key, { ...turns.dropFrom(element), replaced });
  if (question.type !== "regenerate") outbox.put(key, asked);
  post(key, asked);
}

function post(key, asked) {
  if (!turns.pendingOf(key)) turns.addPending(key, asked.type === "regenerate" ? "assistant" : "user", asked.text);
  kept.hidden = true;
  composer.setAnswering("sending");
  connection.ask({ ...asked, first: turns.firstId() }, key);
  announce(words("sending"));
  scrollToEnd(true);
}

// A question that was refused, or is still on its way, once more.
function retry(key) {
  const asked = outbox.get(key);
  const element = turns.pendingOf(key);
  if (!asked || !element.classList.contains("unsent")) return connection.again();
  if (composer.answering) return undefined;
  turns.showSending(element, words("sending"));
  const again = { ...asked, refused: undefined, known: turns.lastId() };
  outbox.put(key, again);
  return post(key, again);
}

function takeBack(key) {
  const { text } = outbox.get(key);
  outbox.remove(key);
  turns.pendingOf(key).remove();
  composer.fill(field.value ? `${text}\n${field.value}` : text);
  field.focus();
}

function startEditing(id, text = turns.texts.get(id)) {
  if (!editing) stashed = field.value;
  editing = id;
  composer.form.classList.add("editing");
  composer.fill(text);
  field.focus();
}

// What had been typed before comes back.
function leaveEditing() {
  const before = editing ? stashed : "";
  if (editing) keepEdit(place(), null);
  editing = null;
  stashed = "";
  composer.form.classList.remove("editing");
  composer.fill(before);
}

field.addEventListener("input", grow);
field.addEventListener("keydown", (event) => {
  if (!isEnterForSending(event)) return;
  event.preventDefault();
  submit();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || isComposing(event)) return;
  if (composer.answering) composer.stopAnswer();
  else if (editing) leaveEditing();
});

const ACTS = {
  "copy-code": (element, id, button) => copy(codeOf(button.closest(".code-block"))).then(() => showCopied(button)),
  retry: (element) => retry(element.dataset.request),
  "take-back": (element) => takeBack(element.dataset.request),
  edit: (element, id) => !composer.answering && startEditing(id),
  regenerate: (element, id) => !composer.answering && send({ type: "regenerate", message: id }, id),
  earlier: (element) => showVersion(turns.versionBeside(element, -1)),
  later: (element) => showVersion(turns.versionBeside(element, 1)),
};

log.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const element = button.closest(".turn");
  const id = element.dataset.message;
  const { act } = button.dataset;
  if (ACTS[act]) ACTS[act](element, id, button);
  else commonTool(connection, act, element, turns.texts.get(id));
});
kept.querySelector("button").addEventListener("click", () => showVersion(kept.dataset.version));

function showVersion(id) {
  if (composer.answering || !id) return;
  kept.hidden = true;
  connection.do({ type: "version", message: id, conversation: page.conversation });
}

// Says what was replaced and leads back to it: to its last message, because the first may have several continuations.
function offerReplaced({ gone, replaced }) {
  const messages = gone.map((one) => one.dataset.message).filter(Boolean);
  const more = messages.filter((id) => id !== replaced).length;
  kept.hidden = !more;
  kept.dataset.version = messages.at(-1) ?? "";
  kept.querySelector("span").textContent = words("kept_version", { count: more });
}

connection.addEventListener("turn", ({ detail }) => {
  const key = detail.request_key;
  turns.pendingOf(key)?.remove();
  outbox.remove(key);
  if (dropped.has(key)) offerReplaced(dropped.get(key));
  dropped.delete(key);
  rememberConversation(detail.conversation);
  const question = turns.elementOf(detail.question.id);
  if (question) turns.showVersions(question, detail.question.versions);
  else turns.add(detail.question);
  if (!turns.elementOf(detail.answer.id)) showBusy(turns.add(detail.answer), words("pending"));
  composer.setAnswering(detail.answer.id);
  scrollToEnd(true);
});
followReplies(connection, {
  elementOf: (id) => turns.elementOf(id),
  progress: (element, text) => turns.setText(element, text),
  state(element, detail) {
    showBusy(element, stateText(detail));
    element.classList.toggle("saying", detail.state === "answering");
    scrollToEnd();
  },
  ended(element, detail) {
    turns.finish(element, detail);
    if (composer.answering === detail.id) composer.setAnswering(null);
    // The text is not lost: it goes back to where it can be shortened.
    if (detail.error?.code === "context_length_exceeded" && !field.value)
      composer.fill(turns.texts.get(element.previousElementSibling?.dataset.message) ?? "");
    announceEnd(detail, spokenText(element.querySelector(".text")));
    scrollToEnd();
    field.focus({ preventScroll: true });
  },
});
connection.addEventListener("stalled", ({ detail }) => {
  const element = turns.pendingOf(detail.key);
  if (!element) return;
  showBusy(element, words("stalled"));
  element.classList.add("stalled");
});
connection.addEventListener("refused", ({ detail }) => {
  const key = detail.request_key;
  dropped.get(key)?.putBack();
  dropped.delete(key);
  const element = turns.pendingOf(key);
  const asked = outbox.get(key);
  if (!asked) return element?.remove();
  outbox.put(key, { ...asked, refused: detail.text });
  document.getElementById("end").before(element);
  turns.showUnsent(element, words("not_sent"));
  return scrollToEnd(true);
});

// What happened to the conversation elsewhere.
connection.addEventListener("changed", ({ detail }) => {
  if (detail.last !== turns.lastId() && composer.answering !== "sending") watch();
});
connection.addEventListener("open", watch);
document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && watch());
function watch() {
  if (page.conversation) connection.watch({ conversation: page.conversation, known: turns.lastId(), first: turns.firstId() });
}
connection.addEventListener("conversation", ({ detail }) => {
  if (detail.conversation.id !== page.conversation) return;
  turns.show(detail.messages, underWay);
  if (composer.answering && composer.answering !== "sending" && !turns.elementOf(composer.answering)) composer.setAnswering(null);
  scrollToEnd();
});

function underWay(element, message) {
  if (connection.live.has(message.id)) return;
  showBusy(element, words(message.seq ? "answering" : "pending"));
  composer.setAnswering(message.id);
  connection.follow(message.id, message.text, message.seq ?? 0);
}

for (const message of page.messages) {
  const element = turns.elementOf(message.id);
  turns.showVersions(element, message.versions);
  if (message.role !== "assistant") turns.texts.set(message.id, message.text);
  else if (["pending", "streaming"].includes(message.state)) {
    turns.setText(element, message.text);
    underWay(element, message);
  } else turns.finish(element, message);
}
for (const [key, asked] of outbox.of(page.conversation)) {
  if (asked.refused) turns.showUnsent(turns.addPending(key, "user", asked.text), words("not_sent"));
  else post(key, asked);
}
const begun = begunEdit(place());
if (begun && turns.texts.has(begun.message) && !composer.answering) startEditing(begun.message, begun.text);
grow();
scrollToEnd(true);
