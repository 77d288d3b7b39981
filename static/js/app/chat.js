// A chat: questions and answers down the page, streamed, with stop, edit, again, copy and judging.
import { Connection } from "./connection.js";
import { renderMarkdown } from "./markdown.js";
import { announce, commonTool, page, rememberConversation, showEnd, showOneOf, startPage, stateText, watchLine, words } from "./page.js";

const log = document.getElementById("log");
const scroller = document.getElementById("scroller");
const composer = document.getElementById("composer");
const field = document.getElementById("text");
const refused = document.getElementById("refused");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const toEnd = document.getElementById("to-end");
const end = document.getElementById("end");

const texts = new Map();
const drawing = new Set();
let answering = null;
let editing = null;
let draft = "";
let atEnd = true;

startPage();
const connection = new Connection(page);
watchLine(connection, () => {
  field.disabled = send.disabled = true;
  setAnswering(null);
});

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
  const id = element.dataset.message;
  texts.set(id, text);
  if (!element.classList.contains("assistant")) {
    element.querySelector(".text").textContent = text;
    return;
  }
  if (drawing.has(id)) return;
  drawing.add(id);
  requestAnimationFrame(() => {
    drawing.delete(id);
    renderMarkdown(element.querySelector(".text"), texts.get(id));
    scrollToEnd();
  });
}

function setAnswering(id) {
  answering = id;
  showOneOf(id ? stop : send, id ? send : stop);
}

function showState(element, text) {
  element.classList.add("busy");
  element.querySelector(".status").textContent = text;
}

function refuse(text) {
  refused.textContent = text;
  refused.hidden = !text;
}

function grow() {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, window.innerHeight * 0.4)}px`;
}

function submit() {
  const text = field.value;
  if (!text.trim() || answering || connection.gone) return;
  const over = text.length - Number(field.dataset.most);
  if (over > 0) return refuse(words("too_long", { over }));
  refuse("");
  draft = text;
  if (editing) {
    dropFrom(elementOf(editing));
    connection.ask({ type: "edit", message: editing, text });
  } else connection.ask({ type: "ask", conversation: page.conversation, text });
  editing = null;
  composer.classList.remove("editing");
  field.value = "";
  grow();
  setAnswering("sending");
  announce(words("sending"));
}

function dropFrom(element) {
  while (element && element !== end) {
    const next = element.nextElementSibling;
    element.remove();
    element = next;
  }
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
field.addEventListener("input", () => {
  grow();
  refuse("");
});
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    submit();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (answering) stopAnswer();
  else if (editing) {
    editing = null;
    composer.classList.remove("editing");
    field.value = "";
    grow();
  }
});
stop.addEventListener("click", stopAnswer);
function stopAnswer() {
  if (!answering || answering === "sending") return;
  connection.do({ type: "stop", message: answering });
  showState(elementOf(answering), words("stopping"));
}

for (const button of document.querySelectorAll("[data-suggestion]"))
  button.addEventListener("click", () => {
    field.value = button.textContent;
    submit();
  });

log.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button) return;
  const element = button.closest(".turn");
  const id = element.dataset.message;
  const { act } = button.dataset;
  if (act === "edit" && !answering) {
    editing = id;
    composer.classList.add("editing");
    field.value = texts.get(id);
    grow();
    field.focus();
  } else if (act === "regenerate" && !answering) {
    dropFrom(element);
    connection.ask({ type: "regenerate", message: id });
    setAnswering("sending");
  } else commonTool(connection, act, element, texts.get(id));
});

connection.addEventListener("turn", ({ detail }) => {
  rememberConversation(detail.conversation);
  if (!elementOf(detail.question.id)) addTurn("user", detail.question);
  if (!elementOf(detail.answer.id)) showState(addTurn("assistant", detail.answer), words("pending"));
  setAnswering(detail.answer.id);
  scrollToEnd(true);
});
connection.addEventListener("progress", ({ detail }) => {
  const element = elementOf(detail.id);
  if (!element) return;
  setText(element, detail.text);
});
connection.addEventListener("state", ({ detail }) => {
  const element = elementOf(detail.id);
  if (!element) return;
  showState(element, stateText(detail));
  element.classList.toggle("saying", detail.state === "answering");
  scrollToEnd();
});
connection.addEventListener("end", ({ detail }) => ended(detail));
connection.addEventListener("stored", ({ detail }) => ended(detail));
function ended(detail) {
  const element = elementOf(detail.id);
  if (!element) return;
  setText(element, detail.text);
  element.classList.remove("saying");
  showEnd(element, detail);
  if (answering === detail.id) setAnswering(null);
  if (detail.error?.code === "context_length_exceeded" && !field.value) {
    // The text is not lost: it goes back to where it can be shortened.
    field.value = draft || texts.get(element.previousElementSibling?.dataset.message) || "";
    grow();
  }
  announce(words("answer_ready"));
  scrollToEnd();
  field.focus({ preventScroll: true });
}
connection.addEventListener("refused", ({ detail }) => {
  refuse(detail.text);
  if (answering === "sending") setAnswering(null);
  if (!field.value) field.value = draft;
  grow();
});

for (const message of page.messages) {
  const element = elementOf(message.id);
  setText(element, message.text);
  if (message.role !== "assistant") continue;
  if (["pending", "streaming"].includes(message.state)) {
    showState(element, words(message.seq ? "answering" : "pending"));
    setAnswering(message.id);
    connection.follow(message.id, message.text, message.seq);
  } else showEnd(element, message);
}
grow();
scrollToEnd(true);
