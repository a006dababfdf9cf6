// Charts below the table: couplings over time, observed and forecast, forecast gain, penalty, training.
(() => {
  const { data, at, shown, number, percent, element, svg, name, cellOf, download } = grngc;
  const { frame, range, line, here, figure, sample } = grngc.charts;
  const into = (id) => at(id).querySelector(".charts");
  // Windows in a row, trajectories one behind the other; time itself where there is one trajectory
  const axis = (part) => (part.breaks.length > 1 ? { xs: part.time.map((_, k) => k), xLabel: "windows, trajectories one after the other" } : { xs: part.time, xLabel: "time step" });
  const separate = (chart, breaks, xs) => {
    if (breaks.length < 60) breaks.slice(1).forEach((k) => chart.root.append(svg("line", { class: "break", x1: chart.px(xs[k] - 0.5), x2: chart.px(xs[k] - 0.5), y1: chart.top, y2: chart.base })));
  };

  const overTime = (part) => {
    const { xs, xLabel } = axis(part);
    for (const edge of part.edges) {
      const chart = frame({ x: [xs[0], xs[xs.length - 1] || 1], y: range(edge.values, true), xLabel, label: "Coupling over time" });
      separate(chart, part.breaks, xs);
      line(chart, xs, edge.values, "", part.breaks);
      into("over-time").append(figure(chart, name(edge.source), " → ", name(edge.target), element("small", {}, ` lag ${edge.lag}`)));
    }
  };
  const forecasts = (part) => {
    const { xs, xLabel } = axis(part);
    part.series.forEach((k, at) => {
      const chart = frame({ x: [xs[0], xs[xs.length - 1] || 1], y: range([...part.observed[at], ...part.forecast[at]]), xLabel, label: "Observed and forecast" });
      separate(chart, part.breaks, xs);
      line(chart, xs, part.observed[at], "", part.breaks);
      line(chart, xs, part.forecast[at], "second", part.breaks);
      into("forecasts").append(figure(chart, name(k), " ", sample(""), " observed ", sample("second"), " forecast ", element("small", {}, `error ${percent(part.unexplained[at])} of the variance`)));
    });
    at("download-forecasts").addEventListener("click", () => {
      const head = ["trajectory", "time", ...part.series.flatMap((k) => [`${cellOf(data.names[k])} observed`, `${cellOf(data.names[k])} forecast`])];
      let trajectory = -1;
      const rows = part.time.map((time, i) => {
        if (part.breaks[trajectory + 1] === i) trajectory += 1;
        return [cellOf(part.trajectory[trajectory]), time, ...part.series.flatMap((_, k) => [part.observed[k][i], part.forecast[k][i]])];
      });
      download("forecasts.csv", [head, ...rows]);
    });
  };

  const MOST_TARGETS = 40;
  const gain = (part) => {
    const known = part.saves.map((saves, k) => [k, saves, part.p[k]]).filter((row) => row[1] !== null).sort((a, b) => b[1] - a[1]);
    const rows = known.slice(0, MOST_TARGETS), step = 20;
    if (!rows.length) return;
    const chart = frame({ x: range(rows.map((row) => 100 * row[1]), true), y: null, height: 60 + step * rows.length, xLabel: "held-out error saved (%)", label: "Forecast gain of each series", left: 130 });
    rows.forEach(([k, saves, p], place) => {
      const y = chart.top + step * (place + 0.7);
      chart.root.append(svg("text", { x: 122, y: y + 4, "text-anchor": "end" }, shown(k, 16)));
      chart.root.append(svg("line", { class: "axis", x1: chart.px(0), x2: chart.px(100 * saves), y1: y, y2: y }));
      const dot = svg("circle", { class: p !== null && p < part.threshold ? "dot" : "dot open", cx: chart.px(100 * saves), cy: y, r: 5 });
      dot.append(svg("title", {}, `${shown(k)}: ${number(100 * saves)} %, p ${number(p)}`));
      chart.root.append(dot);
    });
    const left = known.length - rows.length;
    into("gain").append(figure(chart, left > 0 ? `The ${rows.length} largest of ${known.length} series` : ""));
  };

  const path = (part) => {
    const xs = part.penalties.map(Math.log10), x = range(xs);
    const settings = { x, log: true, xLabel: "penalty", height: 220 };
    const spread = part.errors.flatMap((error, k) => [error - part.standard_errors[k], error + part.standard_errors[k]]);
    const errors = frame({ ...settings, y: range(spread), label: "Held-out error along the path of penalties" });
    const up = part.errors.map((e, k) => [errors.px(xs[k]), errors.py(e + part.standard_errors[k])]);
    const down = part.errors.map((e, k) => [errors.px(xs[k]), errors.py(e - part.standard_errors[k])]).reverse();
    errors.root.append(svg("polygon", { class: "band", points: [...up, ...down].map((point) => point.map((v) => v.toFixed(1)).join(",")).join(" ") }));
    line(errors, xs, part.errors);
    const edges = frame({ ...settings, y: range(part.edges, true), label: "Edges along the path of penalties" });
    line(edges, xs, part.edges);
    const chosen = Math.log10(part.chosen);
    for (const chart of [errors, edges]) if (chosen >= x[0] && chosen <= x[1]) here(chart, chosen, `used: ${number(part.chosen)}`);
    const beyond = chosen < x[0] || chosen > x[1] ? ` The one used, ${number(part.chosen)}, lies outside.` : "";
    into("path").append(figure(errors, "Held-out error", element("small", {}, ` ± standard error.${beyond}`)), figure(edges, "Pairs with a score"));
  };
  const loss = (part) => {
    const chart = frame({ x: [0, part.step[part.step.length - 1]], y: range([...part.loss, ...part.forecast_error, ...part.penalty], true), xLabel: "step", height: 240, label: "Loss over training" });
    line(chart, part.step, part.loss);
    line(chart, part.step, part.forecast_error, "second");
    line(chart, part.step, part.penalty, "third");
    into("loss").append(figure(chart, sample(""), " loss ", sample("second"), " forecast error ", sample("third"), " penalty"));
  };
  if (data.over_time) overTime(data.over_time);
  if (data.forecasts) forecasts(data.forecasts);
  if (data.gain) gain(data.gain);
  if (data.path) path(data.path);
  if (data.trace) loss(data.trace);
})();
