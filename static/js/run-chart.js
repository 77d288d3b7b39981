// The loss of a run, live: reads the points it does not have yet whenever the job changes.
import uPlot from "../vendor/js/uPlot.js";
import { shortNumber } from "./figures.js";
import { readLive } from "./session.js";

const box = document.querySelector("[data-run-chart]");
const table = document.querySelector("[data-run-table]");
const MOST_ROWS = 50;
// Between two steps there is none.
const WHOLE_STEPS = [1, 10, 100, 1000, 10000].flatMap((size) => [size, 2 * size, 5 * size]);
const points = new Map();
let last = 0;
let chart = null;

function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function data() {
  const steps = [...points.keys()].sort((a, b) => a - b);
  const column = (name) => steps.map((step) => points.get(step)[name] ?? null);
  return [steps, column("train_loss"), column("validation_loss")];
}

// Without a pointer over the chart its legend tells the latest values.
function told(drawn, value, series, index) {
  const number = index === null ? drawn.data[series].findLast((one) => one !== null) : value;
  return number == null ? "–" : shortNumber(number);
}

// A line needs two points; before its second one there would be nothing to see.
function isAlone(drawn, series) {
  return drawn.data[series].filter((one) => one !== null).length === 1;
}

function draw() {
  const { clientWidth: width } = box;
  const values = (_chart, ticks) => ticks.map((tick) => (tick == null ? "" : shortNumber(tick)));
  const axis = { values, stroke: css("--ink-soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
  const options = {
    width,
    height: Math.max(220, Math.min(340, width * 0.42)),
    scales: { x: { time: false } },
    axes: [{ ...axis, incrs: WHOLE_STEPS, label: box.dataset.labelStep, labelSize: 22 }, axis],
    series: [
      { label: box.dataset.labelStep, value: told },
      { label: box.dataset.labelTrain, value: told, stroke: css("--base-model"), width: 1.5, points: { show: isAlone, size: 5 }, spanGaps: true },
      { label: box.dataset.labelValidation, value: told, stroke: css("--tuned-model"), width: 2.5, points: { show: true, size: 7 }, spanGaps: true },
    ],
  };
  chart?.destroy();
  box.textContent = "";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", box.dataset.label);
  chart = new uPlot(options, data(), box);
  chart.setLegend({ idx: null });
}

// The same numbers for people who do not see the curve: every round of validation or, without any, some of the steps.
function tabulate() {
  const [steps, train, validation] = data();
  const all = [...steps.keys()];
  const rounds = all.filter((index) => validation[index] !== null);
  const shown = rounds.length ? rounds : all.filter((index) => index % Math.ceil(all.length / MOST_ROWS) === 0);
  const written = (value) => (value == null ? "–" : shortNumber(value));
  table.replaceChildren(...shown.map((index) => {
    const row = document.createElement("tr");
    const before = train.slice(0, index + 1).findLast((value) => value !== null);
    for (const text of [shortNumber(steps[index]), written(before), written(validation[index])]) {
      const cell = document.createElement("td");
      cell.className = "num";
      cell.textContent = text;
      row.append(cell);
    }
    return row;
  }));
}

async function update() {
  const response = await readLive(`${box.dataset.runChart}?after=${last}`);
  if (!response?.ok) return;
  const answer = await response.json();
  last = answer.last;
  const first = answer.points[0]?.[0];
  // A run that goes on from a checkpoint says the steps after it again; what is older does not count any more.
  if (first < Math.max(...points.keys())) {
    for (const step of [...points.keys()]) if (step >= first) points.delete(step);
  }
  for (const [step, , values] of answer.points) points.set(step, { ...points.get(step), ...values });
  if (!points.size) {
    box.textContent = box.dataset.empty;
    return;
  }
  if (chart) chart.setData(data());
  else draw();
  tabulate();
}

if (box) {
  update();
  if (box.dataset.chartJob) {
    // The live part of the page carries the job's events; it is replaced now and then, so listen on the way down.
    let due = 0;
    document.addEventListener("job-changed", () => {
      clearTimeout(due);
      due = setTimeout(update, 400);
    }, true);
    setInterval(update, 10000);
  }
  document.addEventListener("theme-changed", () => points.size && draw());
  let resize = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resize);
    resize = setTimeout(() => points.size && draw(), 150);
  });
}
