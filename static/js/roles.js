// Follows a change of mind about what data teaches: offers the roles that fit, and says what is still missing.
const form = document.querySelector("[data-roles]");
const tasks = JSON.parse(document.getElementById("roles-data").textContent);
const selects = [...form.querySelectorAll("select[name^='role-']")];
const note = form.querySelector("[data-missing]");
const SAME = { target: "label", label: "target" };

const chosenTask = () => tasks[new FormData(form).get("task_type")];

function offer() {
  const task = chosenTask();
  if (!task) return;
  const usable = new Map(task.roles);
  for (const select of selects) {
    const before = select.value;
    const role = usable.has(before) ? before : usable.has(SAME[before]) ? SAME[before] : "ignore";
    select.replaceChildren(...task.roles.map(([value, label]) => new Option(label, value, value === role, value === role)));
  }
}

function missing(task) {
  const given = new Set(selects.map((select) => select.value));
  const lacks = task.required.map((needed) => needed.filter((role) => !given.has(role)));
  return lacks.sort((a, b) => a.length - b.length)[0];
}

function tell() {
  const task = chosenTask();
  for (const [index, select] of selects.entries()) {
    for (const row of form.querySelectorAll(".sample tbody tr")) row.children[index + 1].dataset.role = select.value;
  }
  if (!note) return [];
  if (!task) { note.textContent = note.dataset.noTask; return ["task_type"]; }
  const names = new Map(task.roles);
  const lacks = missing(task);
  const wanted = new Intl.ListFormat(document.documentElement.lang).format(lacks.map((role) => `“${names.get(role)}”`));
  note.textContent = lacks.length ? note.dataset.lacks.replace("{roles}", wanted) : note.dataset.ready;
  return lacks;
}

form.addEventListener("change", (event) => {
  if (event.target.name === "task_type") offer();
  tell();
});
form.addEventListener("submit", (event) => {
  if (!tell().length) return;
  event.preventDefault();
  const first = chosenTask() ? selects.find((select) => select.value === "ignore") ?? selects[0] : form.querySelector("[name=task_type]");
  first?.focus();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) note.animate([{ opacity: 0.2 }, { opacity: 1 }], 300);
});
offer();
tell();
