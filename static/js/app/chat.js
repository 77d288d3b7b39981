// A chat: questions and answers down the page, streamed, with stop, edit, again, copy and judging.
import { Composer, followReplies, showBusy } from "./composer.js";
import { Connection } from "./connection.js";
import { copy } from "../clipboard.js";
import { codeOf } from "./code_block.js";
import { Drawing } from "./drawing.js";
import { spokenText } from "./markdown.js";
import { announce, announceEnd, commonTool, isComposing, page, rememberConversation, showCopied, showEnd, startPage, stateText, words } from "./page.js";

const log = document.getElementById("log");
const scroller = document.getElementById("scroller");
const toEnd = document.getElementById("to-end");
const end = document.getElementById("end");

const texts = new Map();
const drawing = new Drawing(() => scrollToEnd());
let editing = null;
let draft = "";
let putBack = null;
let atEnd = true;

startPage();
const connection = new Connection(page);
const composer = new Composer(connection, { submit, stopping: (id) => showBusy(elementOf(id), words("stopping")) });
const { field } = composer;

// The page follows the answer only while its reader is at the bottom.
scroller.addEventListener("scroll", () => {
  atEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 60;
  toEnd.hidden = atEnd;
});
toEnd.addEventListener("click", () => scrollToEnd(true));
function scrollToEnd(always = false) {
  if (always || atEnd) scroller.scrollTop = scroller.scrollHeight;
}

function elementOf(id) {
  return log.querySelector(`[data-message="${id}"]`);
}

function addTurn(kind, message) {
  const element = document.getElementById(`turn-${kind}`).content.firstElementChild.cloneNode(true);
  element.dataset.message = message.id;
  element.id = `m-${message.id}`;
  log.insertBefore(element, end);
  setText(element, message.text);
  document.getElementById("welcome").hidden = true;
  return element;
}

function setText(element, text) {
  texts.set(element.dataset.message, text);
  if (!element.classList.contains("assistant")) {
    element.querySelector(".text").textContent = text;
    return;
  }
  drawing.show(element.querySelector(".text"), text);
}

function grow() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, window.innerHeight * 0.4)}px`;
}

function submit() {
  const text = composer.take();
  if (!text) return;
  draft = text;
  if (editing) {
    dropFrom(elementOf(editing));
    connection.ask({ type: "edit", message: editing, text });
  } else connection.ask({ type: "ask", conversation: page.conversation, text });
  leaveEditing();
  composer.setAnswering("sending");
  announce(words("sending"));
}

function leaveEditing() {
  editing = null;
  composer.form.classList.remove("editing");
  composer.fill("");
}

// What an edit or another answer replaces goes at once; should that be refused, it comes back.
function dropFrom(element) {
  const gone = [];
  for (; element && element !== end; element = element.nextElementSibling) gone.push(element);
  for (const one of gone) one.remove();
  putBack = () => end.before(...gone);
}

field.addEventListener("input", grow);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
    event.preventDefault();
    submit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || isComposing(event)) return;
  if (composer.answering) composer.stopAnswer();
  else if (editing) leaveEditing();
});

log.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  if (button.dataset.act === "copy-code") return copyCode(button);
  const element = button.closest(".turn");
  const id = element.dataset.message;
  const { act } = button.dataset;
  if (act === "edit" && !composer.answering) {
    editing = id;
    composer.form.classList.add("editing");
    composer.fill(texts.get(id));
    field.focus();
  } else if (act === "regenerate" && !composer.answering) {
    dropFrom(element);
    connection.ask({ type: "regenerate", message: id });
    composer.setAnswering("sending");
  } else commonTool(connection, act, element, texts.get(id));
});

async function copyCode(button) {
  await copy(codeOf(button.closest(".code-block")));
  showCopied(button);
}

connection.addEventListener("turn", ({ detail }) => {
  putBack = null;
  rememberConversation(detail.conversation);
  if (!elementOf(detail.question.id)) addTurn("user", detail.question);
  if (!elementOf(detail.answer.id)) showBusy(addTurn("assistant", detail.answer), words("pending"));
  composer.setAnswering(detail.answer.id);
  scrollToEnd(true);
});
followReplies(connection, {
  elementOf,
  progress: setText,
  state(element, detail) {
    showBusy(element, stateText(detail));
    element.classList.toggle("saying", detail.state === "answering");
    scrollToEnd();
  },
  ended(element, detail) {
    texts.set(detail.id, detail.text);
    drawing.finish(element.querySelector(".text"), detail.text);
    showEnd(element, detail);
    if (composer.answering === detail.id) composer.setAnswering(null);
    // The text is not lost: it goes back to where it can be shortened.
    if (detail.error?.code === "context_length_exceeded" && !field.value)
      composer.fill(draft || texts.get(element.previousElementSibling?.dataset.message) || "");
    announceEnd(detail, spokenText(element.querySelector(".text")));
    scrollToEnd();
    field.focus({ preventScroll: true });
  },
});
connection.addEventListener("refused", () => {
  putBack?.();
  putBack = null;
  if (!field.value) field.value = draft;
  grow();
});

for (const message of page.messages) {
  const element = elementOf(message.id);
  texts.set(message.id, message.text);
  if (message.role !== "assistant") continue;
  if (["pending", "streaming"].includes(message.state)) {
    setText(element, message.text);
    showBusy(element, words(message.seq ? "answering" : "pending"));
    composer.setAnswering(message.id);
    connection.follow(message.id, message.text, message.seq);
  } else {
    drawing.finish(element.querySelector(".text"), message.text);
    showEnd(element, message);
  }
}
grow();
scrollToEnd(true);
