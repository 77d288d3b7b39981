// Follows a change of mind about what data teaches: choosing a task gives each column the role that the server proposes
// for it, and what the server would refuse is said before the form is sent. Both come from the server (roles-data).
const form = document.querySelector("[data-roles]");
const tasks = JSON.parse(document.getElementById("roles-data").textContent);
const selects = [...form.querySelectorAll("select[name^='role-']")];
const note = form.querySelector("[data-missing]");
const leftOut = document.querySelector("[data-left-out]");
const changed = new Set(); // selects that the user set: choosing a task leaves those as they are

const chosenTask = () => tasks[new FormData(form).get("task_type")];

/** Offer the roles that fit the chosen task. With `fill`, give each column the one that is proposed for it. */
function offer({ fill }) {
  const task = chosenTask();
  if (!task) return;
  const usable = new Map(task.roles);
  const isProposed = fill && Object.keys(task.proposed).length > 0;
  for (const select of selects) {
    const keeps = !isProposed || changed.has(select);
    const wanted = keeps ? select.value : task.proposed[select.dataset.column] ?? "ignore";
    const role = usable.has(wanted) ? wanted : "ignore";
    select.replaceChildren(...task.roles.map(([value, label]) => new Option(label, value, value === role, value === role)));
  }
}

/** What the server would refuse, in its own words; empty when nothing. */
function problem(task) {
  const given = selects.map((select) => select.value);
  const twice = task.roles.map(([role]) => role).find((role) => role !== "ignore" && given.filter((one) => one === role).length > 1);
  if (twice) return task.twice[twice];
  return task.problems[task.deciding.filter((role) => given.includes(role)).join(",")];
}

function showRoles() {
  for (const [index, select] of selects.entries()) {
    for (const row of form.querySelectorAll(".sample tbody tr")) row.children[index + 1].dataset.role = select.value;
  }
  if (!leftOut) return;
  const items = [...leftOut.querySelectorAll("li")];
  for (const [index, item] of items.entries()) item.hidden = selects[index].value !== "ignore";
  leftOut.hidden = items.every((item) => item.hidden);
}

/** Say what is missing; return whether anything is. */
function tell() {
  const task = chosenTask();
  showRoles();
  const said = task ? problem(task) : note?.dataset.noTask;
  if (note) note.textContent = said || note.dataset.ready;
  return Boolean(note && said);
}

form.addEventListener("change", (event) => {
  if (event.target.name === "task_type") offer({ fill: true });
  else if (selects.includes(event.target)) changed.add(event.target);
  tell();
});
form.addEventListener("submit", (event) => {
  if (!tell()) return;
  event.preventDefault();
  const first = chosenTask() ? selects.find((select) => select.value === "ignore") ?? selects[0] : form.querySelector("[name=task_type]");
  first?.focus();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) note.animate([{ opacity: 0.2 }, { opacity: 1 }], 300);
});
offer({ fill: false });
tell();
