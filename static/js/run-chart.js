// The loss of a run, live: reads the points it does not have yet whenever the job changes.
import { axes, css, drawChart, isSinglePoint, legendValue } from "./chart-style.js";
import { shortNumber } from "./figures.js";
import { drawFigures } from "./run-figures.js";
import { RunPoints } from "./run-points.js";

const box = document.querySelector("[data-run-chart]");
const table = document.querySelector("[data-run-table]");
const MOST_ROWS = 50;
const points = box && new RunPoints(box.dataset.runChart);
let chart = null;

function data() {
  const { steps, byStep } = points;
  const column = (name) => steps.map((step) => byStep.get(step)[name] ?? null);
  return [steps, column("train_loss"), column("smoothed_train_loss"), column("validation_loss")];
}

function draw() {
  const { clientWidth: width } = box;
  const isSmoothed = data()[2].some((value) => value !== null);
  const line = { value: legendValue(), points: { show: isSinglePoint, size: 5 }, spanGaps: true };
  const set = {
    height: Math.max(220, Math.min(340, width * 0.42)),
    stepLabel: box.dataset.labelStep,
    axes: axes(box.dataset.labelStep),
    series: [
      { ...line, label: box.dataset.labelTrain, stroke: css(isSmoothed ? "--raw-loss" : "--base-model"), width: 1 },
      { ...line, label: box.dataset.labelSmoothed, stroke: css("--base-model"), width: 2 },
      { ...line, label: box.dataset.labelValidation, stroke: css("--tuned-model"), width: 2.5, points: { show: true, size: 7 } },
    ],
  };
  chart?.destroy();
  box.textContent = "";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", box.dataset.label);
  chart = drawChart(box, data(), set);
}

function drawAll() {
  if (!points.byStep.size) return;
  draw();
  drawFigures(chart.data[0], points.byStep, true);
}

// The same numbers for people who do not see the curve: every round of validation or, without any, some of the steps.
function tabulate() {
  const [steps, train, , validation] = data();
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
  if (!(await points.read())) return;
  if (!points.byStep.size) {
    box.textContent = box.dataset.empty;
    return;
  }
  if (chart) chart.setData(data());
  else draw();
  drawFigures(chart.data[0], points.byStep);
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
  document.addEventListener("theme-changed", drawAll);
  let resize = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resize);
    resize = setTimeout(drawAll, 150);
  });
}
