// Text in, text (or labels) out; the page data say how an app of this kind answers.
import { number, percent } from "../figures.js";
import { lengthOf } from "../characters.js";
import { Composer, followReplies, showBusy, typeInto } from "./composer.js";
import { Connection } from "./connection.js";
import { dropDraft, keepDraft } from "./drafts.js";
import { highlight } from "./code_block.js";
import { growTextOf } from "./morph.js";
import { announceEnd, commonTool, isCalm, isComposing, page, rememberConversation, showEnd, startPage, stateText, words } from "./page.js";

const answer = document.getElementById("answer");
const output = answer.querySelector(".text");
const count = document.getElementById("count");
const continues = page.continues_input;

let question = "";
let said = "";
let putBack = null;

startPage();
const connection = new Connection(page);
const composer = new Composer(connection, { submit, stopping: () => showBusy(answer, words("stopping")) });
const { field } = composer;
keepDraft(field, () => location.pathname);

function show(text) {
  said = text;
  if (!continues) growTextOf(output, text);
  else {
    growTextOf(output.querySelector(".given"), question);
    growTextOf(output.querySelector(".said"), text);
  }
}

function showLabels(labels) {
  const rows = labels.map(({ label, score }) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    const share = document.createElement("span");
    name.className = "bar-label";
    name.dir = "auto";
    name.textContent = label;
    bar.className = "bar";
    bar.max = 1;
    bar.value = score;
    bar.setAttribute("aria-label", label);
    share.className = "bar-share";
    share.textContent = percent(score);
    row.append(name, bar, share);
    return row;
  });
  output.replaceChildren(...rows);
}

function measure() {
  const most = Number(field.dataset.most);
  const length = lengthOf(field.value);
  count.textContent = length ? number(length) : "";
  count.classList.toggle("over", length > most);
}

function submit(given = "") {
  if (given && !composer.answering) typeInto(field, given);
  const text = composer.take();
  if (!text) return;
  const chosen = composer.form.querySelectorAll("[data-option]:checked");
  connection.ask({ type: "ask", text, options: Object.fromEntries([...chosen].map(({ name, value }) => [name, value])) });
  begin(text);
}

// What is shown now, to be shown again when the next question is refused.
function keep() {
  const before = { question, said, nodes: [...output.childNodes] };
  return () => {
    ({ question } = before);
    if (page.answers_with_labels) output.replaceChildren(...before.nodes);
    else show(before.said);
  };
}

function begin(asked) {
  putBack = keep();
  question = asked;
  composer.setAnswering("sending");
  answer.classList.remove("failed");
  answer.querySelector(".figures").textContent = "";
  if (page.answers_with_labels) output.replaceChildren();
  else show("");
  showBusy(answer, words("sending"));
  answer.closest(".pane").scrollIntoView({ block: "nearest", behavior: isCalm() ? "auto" : "smooth" });
}

field.addEventListener("input", measure);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !isComposing(event)) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape" && !isComposing(event)) composer.stopAnswer();
});
document.getElementById("clear").addEventListener("click", () => {
  typeInto(field, "");
  field.focus();
});

answer.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || !answer.dataset.message) return;
  const { act } = button.dataset;
  if (act === "go-on" && !composer.answering) {
    typeInto(field, question + said);
    submit();
  } else if (act === "regenerate" && !composer.answering) {
    connection.ask({ type: "regenerate", message: answer.dataset.message });
    begin(question);
  } else commonTool(connection, act, answer, continues ? question + said : output.textContent.trim());
});

connection.addEventListener("turn", ({ detail }) => {
  putBack = null;
  if (field.value === detail.question.text) dropDraft(location.pathname);
  rememberConversation(detail.conversation);
  question = detail.question.text;
  answer.dataset.message = detail.answer.id;
  composer.setAnswering(detail.answer.id);
  showBusy(answer, words("pending"));
});
followReplies(connection, {
  elementOf: (id) => (id === answer.dataset.message ? answer : null),
  progress(element, text) {
    if (!page.answers_with_labels) show(text);
  },
  state(element, detail) {
    showBusy(answer, stateText(detail));
    answer.classList.toggle("saying", detail.state === "answering");
  },
  ended: (element, detail) => ended(detail),
});
function ended(detail) {
  answer.classList.add("ended");
  if (detail.labels) showLabels(detail.labels);
  else if (!page.answers_with_labels) show(detail.text);
  if (page.is_code && detail.text) highlight(output.querySelector(".said"));
  showEnd(answer, detail);
  if (composer.answering === detail.id) composer.setAnswering(null);
  announceEnd(detail);
}
connection.addEventListener("stalled", () => showBusy(answer, words("stalled")));
connection.addEventListener("refused", () => {
  putBack?.();
  putBack = null;
  answer.classList.remove("busy");
  answer.querySelector(".status").textContent = "";
});

const [asked, answered] = page.messages.slice(-2);
question = asked?.text ?? "";
if (answered?.role === "assistant") {
  if (["pending", "streaming"].includes(answered.state)) {
    show(answered.text);
    showBusy(answer, words(answered.seq ? "answering" : "pending"));
    composer.setAnswering(answered.id);
    connection.follow(answered.id, answered.text, answered.seq);
  } else ended(answered);
}
measure();
