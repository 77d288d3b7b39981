// What all charts of runs share: colours of the theme, axes, the values in legends, and how a chart is set up.
import uPlot from "../vendor/js/uPlot.js";
import { number, percent, shortNumber, size } from "./figures.js";

const FORMATS = { bytes: size, share: percent, celsius: (value) => `${number(value)} °C` };

// Steps are whole numbers, and so are the ticks of their axis.
const WHOLE_STEPS = [1, 10, 100, 1000, 10000].flatMap((size) => [size, 2 * size, 5 * size]);

// How values of a unit are written.
export function formatOf(unit) {
  return FORMATS[unit] ?? shortNumber;
}

export function css(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

// The axes of steps and of values. `format` writes a value, and `width` is that of the axis of values.
export function axes(label, format = shortNumber, width = 50) {
  const values = (write) => (_chart, ticks) => ticks.map((tick) => (tick == null ? "" : write(tick)));
  const axis = { stroke: css("--ink-soft"), grid: { stroke: css("--line"), width: 1 }, ticks: { stroke: css("--line") } };
  const steps = { ...axis, values: values(shortNumber), incrs: WHOLE_STEPS };
  return [label ? { ...steps, label, labelSize: 22 } : steps, { ...axis, values: values(format), size: width }];
}

// While no pointer is over the chart, its legend shows the latest values.
export function legendValue(format = shortNumber) {
  return (drawn, value, series, index) => {
    const number = index === null ? drawn.data[series].findLast((one) => one !== null) : value;
    return number == null ? "–" : format(number);
  };
}

// A line needs two points. A single one is drawn as a dot.
export function isSinglePoint(drawn, series) {
  return drawn.data[series].filter((one) => one !== null).length === 1;
}

// Draws a chart over steps into `box`. Its legend shows the latest values, and all charts of a page the values at one step.
// Charts over something else give their own `scale` and `cursor`.
export function drawChart(box, data, { height, stepLabel, axes, series, stepValue = legendValue(), scale = {}, cursor = { sync: { key: "run", scales: ["x", null] } } }) {
  const options = {
    width: box.clientWidth,
    height,
    scales: { x: { time: false, ...scale } },
    cursor,
    axes,
    series: [{ label: stepLabel, value: stepValue }, ...series],
  };
  const chart = new uPlot(options, data, box);
  chart.setLegend({ idx: null });
  return chart;
}
