// Text in, text (or labels) out: translation, summarization, generation, code, classification.
import { number, percent } from "../figures.js";
import { Connection } from "./connection.js";
import { highlight } from "./markdown.js";
import { announce, commonTool, page, rememberConversation, showEnd, showOneOf, startPage, stateText, watchLine, words } from "./page.js";

const composer = document.getElementById("composer");
const field = document.getElementById("text");
const answer = document.getElementById("answer");
const output = answer.querySelector(".text");
const status = answer.querySelector(".status");
const refused = document.getElementById("refused");
const send = document.getElementById("send");
const stop = document.getElementById("stop");
const count = document.getElementById("count");
const continues = ["generation", "code"].includes(page.app_type);

let answering = null;
let question = "";
let said = "";

startPage();
const connection = new Connection(page);
watchLine(connection, () => {
  field.disabled = send.disabled = true;
  setAnswering(null);
});

function setAnswering(id) {
  answering = id;
  showOneOf(id ? stop : send, id ? send : stop);
}

function refuse(text) {
  refused.textContent = text;
  refused.hidden = !text;
}

function showState(text) {
  answer.classList.add("busy");
  status.textContent = text;
}

function show(text) {
  said = text;
  if (!continues) output.textContent = text;
  else {
    output.querySelector(".given").textContent = question;
    output.querySelector(".said").textContent = text;
  }
}

function showLabels(labels) {
  const rows = labels.map(({ label, score }) => {
    const row = document.createElement("li");
    const name = document.createElement("span");
    const bar = document.createElement("progress");
    const share = document.createElement("span");
    name.className = "bar-label";
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
  count.textContent = field.value.length ? number(field.value.length) : "";
  count.classList.toggle("over", field.value.length > most);
}

function submit() {
  if (!field.value.trim() || answering || connection.gone) return;
  const over = field.value.length - Number(field.dataset.most);
  if (over > 0) return refuse(words("too_long", { over }));
  refuse("");
  question = field.value;
  const length = composer.querySelector("input[name=length]:checked")?.value;
  connection.ask({ type: "ask", text: question, options: { length } });
  begin();
}

function begin() {
  setAnswering("sending");
  answer.classList.remove("failed");
  answer.querySelector(".figures").textContent = "";
  if (page.app_type === "classification") output.replaceChildren();
  else show("");
  showState(words("sending"));
  answer.closest(".pane").scrollIntoView({ block: "nearest", behavior: "smooth" });
}

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
field.addEventListener("input", () => {
  measure();
  refuse("");
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    submit();
  } else if (event.key === "Escape") stopAnswer();
});
stop.addEventListener("click", stopAnswer);
function stopAnswer() {
  if (!answering || answering === "sending") return;
  connection.do({ type: "stop", message: answering });
  showState(words("stopping"));
}
document.getElementById("clear").addEventListener("click", () => {
  field.value = "";
  measure();
  field.focus();
});
for (const button of document.querySelectorAll("[data-suggestion]"))
  button.addEventListener("click", () => {
    field.value = button.textContent;
    measure();
    submit();
  });

answer.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (!button || !answer.dataset.message) return;
  const { act } = button.dataset;
  if (act === "go-on" && !answering) {
    field.value = question + said;
    measure();
    submit();
  } else if (act === "regenerate" && !answering) {
    connection.ask({ type: "regenerate", message: answer.dataset.message });
    begin();
  } else commonTool(connection, act, answer, continues ? question + said : output.textContent.trim());
});

connection.addEventListener("turn", ({ detail }) => {
  rememberConversation(detail.conversation);
  question = detail.question.text;
  answer.dataset.message = detail.answer.id;
  setAnswering(detail.answer.id);
  showState(words("pending"));
});
connection.addEventListener("progress", ({ detail }) => {
  if (detail.id === answer.dataset.message && page.app_type !== "classification") show(detail.text);
});
connection.addEventListener("state", ({ detail }) => {
  if (detail.id !== answer.dataset.message) return;
  showState(stateText(detail));
  answer.classList.toggle("saying", detail.state === "answering");
});
connection.addEventListener("end", ({ detail }) => ended(detail));
connection.addEventListener("stored", ({ detail }) => ended(detail));
function ended(detail) {
  if (detail.id !== answer.dataset.message) return;
  answer.classList.remove("saying");
  answer.classList.add("ended");
  if (detail.labels) showLabels(detail.labels);
  else if (page.app_type !== "classification") show(detail.text);
  if (page.app_type === "code" && detail.text) highlight(output.querySelector(".said"));
  showEnd(answer, detail);
  if (answering === detail.id) setAnswering(null);
  announce(words("answer_ready"));
}
connection.addEventListener("refused", ({ detail }) => {
  refuse(detail.text);
  answer.classList.remove("busy");
  status.textContent = "";
  if (answering === "sending") setAnswering(null);
});

const [asked, answered] = page.messages.slice(-2);
question = asked?.text ?? "";
if (answered?.role === "assistant") {
  if (["pending", "streaming"].includes(answered.state)) {
    show(answered.text);
    showState(words(answered.seq ? "answering" : "pending"));
    setAnswering(answered.id);
    connection.follow(answered.id, answered.text, answered.seq);
  } else ended(answered);
}
measure();
