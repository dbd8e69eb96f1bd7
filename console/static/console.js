// Draws the charts of a page from the data beside them. Pages are complete without it: every chart has its table.
"use strict";

(() => {
  const MS_PER_MINUTE = 60000;
  const style = () => getComputedStyle(document.documentElement);
  const colour = (name) => style().getPropertyValue(`--${name}`).trim();

  // Only for pixels and tooltips: amounts that are billed stand in tables and files, and are never floats.
  const units = {
    min: { scale: MS_PER_MINUTE, digits: 2, name: "min" },
    records: { scale: 1, digits: 0, name: "records" },
  };

  function options(unit, data) {
    const whole = new Intl.NumberFormat("en", { notation: "compact" });
    const exact = new Intl.NumberFormat("en", { minimumFractionDigits: unit.digits, maximumFractionDigits: unit.digits });
    const text = { color: colour("muted"), font: { size: 11.5 } };
    return {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      scales: {
        x: { stacked: true, grid: { display: false }, border: { color: colour("line") }, ticks: { ...text, maxRotation: 0, autoSkipPadding: 14, callback: (value) => data.ticks[value] }, afterBuildTicks: (axis) => { axis.ticks = axis.ticks.filter((tick) => data.ticks[tick.value]); } },
        y: { stacked: true, grid: { color: colour("grid") }, border: { display: false }, ticks: { ...text, maxTicksLimit: 6, callback: (value) => whole.format(value) } },
      },
      plugins: {
        legend: { display: false },
        tooltip: {
          backgroundColor: colour("text"),
          titleColor: colour("surface"),
          bodyColor: colour("surface"),
          footerColor: colour("surface"),
          padding: 10,
          boxPadding: 4,
          itemSort: (one, other) => other.datasetIndex - one.datasetIndex,
          filter: (item) => item.raw !== 0,
          callbacks: {
            title: (items) => (items.length ? `${data.labels[items[0].dataIndex]} UTC` : ""),
            label: (item) => ` ${item.dataset.label}: ${exact.format(item.raw)} ${unit.name}`,
            footer: (items) => (items.length > 1 ? `Total: ${exact.format(items.reduce((sum, item) => sum + item.raw, 0))} ${unit.name}` : ""),
          },
        },
      },
    };
  }

  function draw(canvas) {
    const data = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const unit = units[canvas.dataset.unit];
    // Lines between the parts of a bar, where bars are wide enough for them.
    const line = canvas.clientWidth / data.labels.length > 12 ? { top: 1 } : 0;
    const datasets = data.series.map((series) => ({
      label: series.label,
      data: series.values.map((value) => value / unit.scale),
      backgroundColor: colour(series.colour),
      borderColor: colour("surface"),
      borderWidth: line,
      borderSkipped: false,
      categoryPercentage: 0.86,
      barPercentage: 1,
      maxBarThickness: 84,
    }));
    return new Chart(canvas, { type: "bar", data: { labels: data.labels, datasets }, options: options(unit, data) });
  }

  const canvases = [...document.querySelectorAll("canvas[data-chart]")];
  Chart.defaults.font.family = style().fontFamily || "system-ui, sans-serif";
  let charts = canvases.map(draw);
  const redraw = () => {
    charts.forEach((chart) => chart.destroy());
    charts = canvases.map(draw);
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
})();
