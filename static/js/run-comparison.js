// Charts with a line for each of several runs. The points of runs in progress are read again now and then.
import { axes, css, drawChart, formatOf, isSinglePoint, legendValue } from "./chart-style.js";
import { RunPoints } from "./run-points.js";

const card = document.querySelector("[data-compared-runs]");
// The lines of the table's head have the same colours and dashes (studio.css).
const DASHES = [[], [10, 4], [2, 3], [10, 3, 2, 3]];
const HEIGHT = 220;
const charts = new Map();
let runs = [];

function value(point, metrics) {
  return metrics.map((name) => point?.[name]).find((one) => one != null) ?? null;
}

// Runs record other steps than the one under the pointer. The legend shows the value before it, within the length of the run.
function valueUntil(format) {
  const latest = legendValue(format);
  return (drawn, given, series, index) => {
    if (index === null) return latest(drawn, given, series, index);
    const column = drawn.data[series];
    const isWithin = column.findLastIndex((one) => one !== null) >= index;
    const found = isWithin ? column.slice(0, index + 1).findLast((one) => one !== null) : null;
    return found == null ? "–" : format(found);
  };
}

function draw(figure, data) {
  const format = formatOf(figure.dataset.unit);
  const box = figure.querySelector("div");
  const series = runs.map(({ name }, index) => ({
    label: name,
    value: valueUntil(format),
    stroke: css(`--run-${index + 1}`),
    dash: DASHES[index % DASHES.length],
    width: 1.75,
    points: { show: isSinglePoint, size: 5 },
    spanGaps: true,
  }));
  charts.get(figure)?.destroy();
  const set = { height: HEIGHT, stepLabel: card.dataset.labelStep, axes: axes("", format, 80), series };
  charts.set(figure, drawChart(box, data, set));
}

function show(redraw = false) {
  const steps = [...new Set(runs.flatMap(({ points }) => points.steps))].sort((a, b) => a - b);
  card.querySelector("[data-empty]").hidden = steps.length > 0;
  for (const figure of card.querySelectorAll("[data-metrics]")) {
    const metrics = figure.dataset.metrics.split(" ");
    const columns = runs.map(({ points }) => steps.map((step) => value(points.byStep.get(step), metrics)));
    if (!columns.some((column) => column.some((one) => one !== null))) continue;
    figure.hidden = false;
    if (charts.has(figure) && !redraw) charts.get(figure).setData([steps, ...columns]);
    else draw(figure, [steps, ...columns]);
  }
}

async function update(asked) {
  const answers = await Promise.all(asked.map(({ points }) => points.read()));
  if (answers.some(Boolean)) show();
}

if (card) {
  runs = JSON.parse(card.dataset.comparedRuns).map((run) => ({ ...run, points: new RunPoints(run.address) }));
  update(runs);
  const active = runs.filter((run) => run.isActive);
  if (active.length) setInterval(() => update(active), 10000);
  document.addEventListener("theme-changed", () => show(true));
  let resize = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resize);
    resize = setTimeout(() => show(true), 150);
  });
}
