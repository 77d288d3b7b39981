// One text, an answer from each model: the base and the tuned one side by side.
import { number, percent } from "../figures.js";
import { Connection } from "./connection.js";
import { lengthOf } from "../characters.js";
import { keepDraft } from "./drafts.js";
import { growTextOf } from "./morph.js";
import { announceEnd, endText, isComposing, page, stateText, watchLine, words } from "./page.js";

const composer = document.getElementById("composer");
const field = document.getElementById("text");
const refused = document.getElementById("refused");
const stop = document.getElementById("stop");
const columns = new Map();
for (const box of document.querySelectorAll("[data-model]")) columns.set(box.dataset.model, { box, asked: null, reply: null });

keepDraft(field, () => location.pathname);
const connection = new Connection(page);
watchLine(connection, () => {
  field.disabled = true;
});

function columnOf(id) {
  return [...columns.values()].find((column) => column.reply === id);
}

function show(column, text) {
  growTextOf(column.box.querySelector(".trial-text"), text);
}

function status(column, text, busy) {
  column.box.classList.toggle("busy", busy);
  column.box.querySelector(".trial-status").textContent = text;
}

function showStop() {
  const busy = [...columns.values()].some((column) => column.box.classList.contains("busy"));
  if (!busy && document.activeElement === stop) document.getElementById("send").focus();
  stop.hidden = !busy;
}

function submit() {
  if (!field.value.trim()) return;
  const over = lengthOf(field.value) - Number(field.dataset.most);
  refused.textContent = over > 0 ? words("too_long", { over }) : "";
  refused.hidden = over <= 0;
  if (over > 0) return;
  stopAll();
  for (const model of page.models) {
    const column = columns.get(model);
    show(column, "");
    status(column, words("pending"), true);
    column.reply = null;
    column.asked = connection.ask({ type: "ask", model, text: field.value });
  }
  showStop();
}

function stopAll() {
  for (const column of columns.values())
    if (column.reply && column.box.classList.contains("busy")) connection.do({ type: "stop", message: column.reply });
}

function drawLabels(column, labels) {
  const list = document.createElement("ol");
  list.className = "trial-bars";
  for (const { label, score } of labels) {
    const row = document.createElement("li");
    const bar = document.createElement("progress");
    bar.className = column.box.classList.contains("base") ? "bar base" : "bar";
    bar.max = 1;
    bar.value = score;
    bar.setAttribute("aria-label", label);
    const name = document.createElement("span");
    name.textContent = label;
    name.dir = "auto";
    const share = document.createElement("span");
    share.className = "num";
    share.textContent = percent(score);
    row.append(name, share, bar);
    list.append(row);
  }
  column.box.querySelector(".trial-text").replaceChildren(list);
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
stop.addEventListener("click", stopAll);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isComposing(event)) submit();
  if (event.key === "Escape" && !isComposing(event)) stopAll();
});

connection.addEventListener("trial", ({ detail }) => {
  const column = [...columns.values()].find((one) => one.asked === detail.request_key);
  if (column) column.reply = detail.message;
});
connection.addEventListener("progress", ({ detail }) => {
  const column = columnOf(detail.id);
  if (column && !page.answers_with_labels) show(column, detail.text);
});
connection.addEventListener("state", ({ detail }) => {
  const column = columnOf(detail.id);
  if (column) status(column, stateText(detail), true);
});
connection.addEventListener("end", ({ detail }) => {
  const column = columnOf(detail.id);
  if (!column) return;
  if (detail.labels) drawLabels(column, detail.labels);
  const figures = detail.output_tokens
    ? words("figures", { tokens: detail.output_tokens, seconds: number(detail.total_ms / 1000, 1) })
    : "";
  status(column, [endText(detail), figures].filter(Boolean).join(" "), false);
  showStop();
  announceEnd(detail);
});
connection.addEventListener("refused", ({ detail }) => {
  refused.textContent = detail.text;
  refused.hidden = false;
  // The other model may have been asked all the same.
  const column = [...columns.values()].find((one) => one.asked === detail.request_key);
  if (column) status(column, "", false);
  showStop();
});
