// Small charts as SVG: axes with round numbers, lines decimated to what a pixel shows, bars. Colours are in the styles.
grngc.charts = (() => {
  const { svg, element, number } = grngc;
  const LEFT = 56, RIGHT = 12, TOP = 10, BOTTOM = 34;

  const ticks = (low, high, most = 5) => {
    const raw = (high - low) / most || 1;
    const power = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= raw);
    const found = [];
    for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k += 1) found.push(k * step);
    return found;
  };
  const logTicks = (low, high) => {
    const found = [];
    const few = high - low < 1.2;
    for (let k = Math.floor(low); k <= Math.ceil(high); k += 1)
      for (const m of few ? [1, 2, 5] : [1]) {
        const value = k + Math.log10(m);
        if (value >= low - 1e-9 && value <= high + 1e-9) found.push(value);
      }
    return found.length > 1 ? found : [low, high];
  };
  const range = (values, zero) => {
    let low = Infinity, high = -Infinity;
    for (const v of values) if (v !== null && Number.isFinite(v)) { low = Math.min(low, v); high = Math.max(high, v); }
    if (zero) { low = Math.min(low, 0); high = Math.max(high, 0); }
    if (low > high) return [0, 1];
    if (low === high) return [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
    const room = 0.04 * (high - low);
    return [low - (zero && low === 0 ? 0 : room), high + (zero && high === 0 ? 0 : room)];
  };

  // An empty chart: scales x and y, axes drawn; `y` null for rows that are no scale. `log` takes logarithms of x.
  const frame = ({ x, y, height = 190, log = false, xLabel = "", yLabel = "", label, xTicks = null, left = LEFT, width = 480 }) => {
    const [x0, x1] = x, [y0, y1] = y || [0, 1];
    const inner = { width: width - left - RIGHT, height: height - TOP - BOTTOM };
    const px = (v) => left + ((v - x0) / (x1 - x0)) * inner.width;
    const py = (v) => TOP + (1 - (v - y0) / (y1 - y0)) * inner.height;
    const root = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
    const base = TOP + inner.height;
    for (const v of y ? ticks(y0, y1, 5) : []) {
      root.append(svg("line", { class: "axis", x1: left, x2: width - RIGHT, y1: py(v), y2: py(v) }));
      root.append(svg("text", { x: left - 6, y: py(v) + 4, "text-anchor": "end" }, number(v, 4)));
    }
    for (const v of xTicks || (log ? logTicks(x0, x1) : ticks(x0, x1, 6))) {
      root.append(svg("line", { class: "axis", x1: px(v), x2: px(v), y1: base, y2: base + 4 }));
      root.append(svg("text", { x: px(v), y: base + 16, "text-anchor": "middle" }, log ? number(10 ** v, 2) : number(v, 6)));
    }
    root.append(svg("text", { x: left + inner.width / 2, y: height - 3, "text-anchor": "middle" }, xLabel));
    if (yLabel) root.append(svg("text", { x: 4, y: TOP + 1, "dominant-baseline": "hanging" }, yLabel));
    return { root, px, py, base, left, right: width - RIGHT, top: TOP, width: inner.width };
  };

  // Points of a line: of more than four a pixel, the first, least, largest and last of each pixel.
  const decimated = (chart, xs, ys, from, to) => {
    const count = to - from;
    const buckets = Math.ceil(chart.width / 2);
    if (count <= 4 * buckets) return Array.from({ length: count }, (_, k) => from + k);
    const kept = [];
    for (let b = 0; b < buckets; b += 1) {
      const start = from + Math.floor((b * count) / buckets), end = from + Math.floor(((b + 1) * count) / buckets);
      let low = start, high = start;
      for (let k = start; k < end; k += 1) {
        if (ys[k] < ys[low]) low = k;
        if (ys[k] > ys[high]) high = k;
      }
      kept.push(...[...new Set([start, low, high, end - 1])].sort((a, b) => a - b));
    }
    return kept;
  };
  // A line, cut at breaks (where another trajectory begins) and at null.
  const line = (chart, xs, ys, kind = "", breaks = [0]) => {
    const parts = [];
    breaks.forEach((from, k) => {
      let pen = "M";
      for (const i of decimated(chart, xs, ys, from, k + 1 < breaks.length ? breaks[k + 1] : xs.length)) {
        if (ys[i] === null) { pen = "M"; continue; }
        parts.push(`${pen}${chart.px(xs[i]).toFixed(1)} ${chart.py(ys[i]).toFixed(1)}`);
        pen = "L";
      }
    });
    chart.root.append(svg("path", { class: `line ${kind}`, d: parts.join("") }));
  };
  const here = (chart, x, text) => {
    chart.root.append(svg("line", { class: "here", x1: chart.px(x), x2: chart.px(x), y1: chart.top, y2: chart.base }));
    const end = chart.px(x) > chart.left + 0.7 * chart.width;
    chart.root.append(
      svg("text", { class: "here-said", x: chart.px(x) + (end ? -5 : 5), y: chart.top + 10, "text-anchor": end ? "end" : "start" }, text),
    );
  };
  const figure = (chart, ...caption) => element("figure", {}, element("figcaption", {}, ...caption), chart.root);
  const sample = (kind) =>
    svg("svg", { width: 26, height: 10, "aria-hidden": "true" }, svg("line", { class: `line ${kind}`, x1: 0, x2: 26, y1: 5, y2: 5 }));

  return { frame, range, line, here, figure, sample, svg };
})();
