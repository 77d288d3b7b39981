// The charts of a sweep: its best value over the trials, and each varied setting against the metric.
import { axes, css, drawChart, formatOf, legendValue } from "./chart-style.js";

const card = document.querySelector("[data-sweep-charts]");
const HEIGHT = 220;
const LOG = 3;
let drawn = "";
let charts = [];

function dots(label, stroke, format) {
  return { label, stroke, value: legendValue(format), paths: () => null, points: { show: true, size: 8, fill: stroke } };
}

// Trials as columns by their place on the axis: complete ones, and those that were cut short.
function columns(trials, places) {
  const order = [...trials.keys()].sort((a, b) => places[a] - places[b]);
  const values = (isComplete) => order.map((i) => (trials[i].complete === isComplete ? trials[i].value : null));
  return [order.map((i) => places[i]), values(true), values(false)];
}

function bestSoFar(trials, maximizes) {
  let best = null;
  return trials.map(({ value, complete }) => {
    if (complete && (best === null || (maximizes ? value > best : value < best))) best = value;
    return best;
  });
}

// 1, 2, 5, 10, 20… within the scale: those that the library finds begin at its lower end, and are no round numbers.
function logTicks(chart) {
  const { min, max } = chart.scales.x;
  const powers = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += 1) powers.push(power);
  const ticks = powers.flatMap((power) => [1, 2, 5].map((digit) => Number(`${digit}e${power}`)));
  return ticks.filter((tick) => tick >= min && tick <= max);
}

function axisOf(setting, format) {
  const [across, up] = axes("", format, 70);
  if (!setting) return [across, up];
  const numbers = { ...across, incrs: undefined };
  if (setting.log) return [{ ...numbers, splits: logTicks, filter: (_chart, ticks) => ticks }, up];
  if (!setting.labels.length) return [numbers, up];
  const names = (_chart, ticks) => ticks.map((tick) => setting.labels[tick] ?? "");
  return [{ ...across, splits: () => [...setting.labels.keys()], values: names }, up];
}

function scaleOf(setting) {
  if (!setting) return {};
  if (setting.labels.length) return { range: [-0.5, setting.labels.length - 0.5] };
  return setting.log ? { distr: LOG, range: (_chart, low, high) => [low / 1.3, high * 1.3] } : {};
}

function draw(figure, points) {
  const setting = points.settings.find(({ name }) => name === figure.dataset.axis);
  const format = formatOf(points.unit);
  const box = figure.querySelector("div");
  const { labelTrial, labelComplete, labelCut, labelBest } = card.dataset;
  const data = columns(points.trials, setting ? setting.values : points.trials.map(({ number }) => number));
  const series = [dots(labelComplete, css("--tuned-model"), format), dots(labelCut, css("--raw-loss"), format)];
  if (!setting) {
    data.push(bestSoFar(points.trials, points.maximizes));
    series.push({ label: labelBest, stroke: css("--base-model"), width: 2, value: legendValue(format), points: { show: false }, spanGaps: true });
  }
  const stepLabel = setting ? figure.querySelector("figcaption").textContent : labelTrial;
  const stepValue = setting?.labels.length ? legendValue((place) => setting.labels[place] ?? "") : legendValue();
  box.textContent = "";
  return drawChart(box, data, { height: HEIGHT, stepLabel, stepValue, axes: axisOf(setting, format), series, scale: scaleOf(setting), cursor: {} });
}

function show(redraw = false) {
  const text = document.getElementById("sweep-points")?.textContent ?? "";
  if (!text || (text === drawn && !redraw)) return;
  drawn = text;
  const points = JSON.parse(text);
  card.hidden = points.trials.length === 0;
  charts.forEach((chart) => chart.destroy());
  charts = card.hidden ? [] : [...card.querySelectorAll("figure")].map((figure) => draw(figure, points));
}

if (card) {
  show();
  document.addEventListener("htmx:afterSettle", () => show());
  document.addEventListener("theme-changed", () => show(true));
  let resize = 0;
  window.addEventListener("resize", () => {
    clearTimeout(resize);
    resize = setTimeout(() => show(true), 150);
  });
}
