// The small charts of a run: learning rate, speed, memory and others, each shown as soon as it has a value.
import { axes, css, drawChart, formatOf, isSinglePoint, legendValue } from "./chart-style.js";

const card = document.querySelector("[data-run-figures]");
const HEIGHT = 150;
const charts = new Map();

function draw(figure, lines, data) {
  const box = figure.querySelector("div");
  const format = formatOf(figure.dataset.unit);
  const colours = [css("--tuned-model"), css("--base-model")];
  const series = lines.map(([, label], index) => ({
    label, value: legendValue(format), stroke: colours[index], width: 1.5, points: { show: isSinglePoint, size: 5 }, spanGaps: true,
  }));
  charts.get(figure)?.destroy();
  const set = { height: HEIGHT, stepLabel: card.dataset.labelStep, axes: axes("", format, 80), series };
  charts.set(figure, drawChart(box, data, set));
}

// `points` maps each of the ascending `steps` to its figures by name; `redraw` replaces the charts that are there already.
export function drawFigures(steps, points, redraw = false) {
  if (!card) return;
  for (const figure of card.querySelectorAll("[data-lines]")) {
    const lines = JSON.parse(figure.dataset.lines);
    const data = [steps, ...lines.map(([name]) => steps.map((step) => points.get(step)[name] ?? null))];
    if (!data[1].some((value) => value !== null)) continue;
    card.hidden = figure.hidden = false;
    if (charts.has(figure) && !redraw) charts.get(figure).setData(data);
    else draw(figure, lines, data);
  }
}
