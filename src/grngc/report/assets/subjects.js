// Of a pair, what each subject has: a strip beside its mean, and one by one where the pair is looked at.
grngc.subjects = (() => {
  const { data, namesOf, number, element, svg } = grngc;
  const { frame, range } = grngc.charts;
  const { scaleOf, draw } = grngc.strip;
  const { scores, stands_out: standing } = data.strips;
  const NAMED = 40; // subjects up to which each has a line with its name
  const { shown } = namesOf(data.subjects);
  const scale = scaleOf([0, ...scores.flat()]);

  const strip = (pair) => {
    if (!scores[pair]) return "–";
    const out = new Set(standing[pair]);
    const order = scores[pair].map((_, k) => k).sort((a, b) => out.has(a) - out.has(b)); // filled ones on top
    return draw(scale, order.map((k) => ({ at: scores[pair][k], kind: "subject", open: !out.has(k), size: 3.2 })));
  };
  const chart = (pair) => {
    if (!scores[pair]) return null;
    const out = new Set(standing[pair]);
    const order = scores[pair].map((_, k) => k).sort((a, b) => scores[pair][b] - scores[pair][a]);
    const rows = order.slice(0, NAMED), step = 22, left = 120;
    const drawn = frame({ x: range(scores[pair], true), y: null, height: 50 + step * rows.length, xLabel: "score", label: "Score of each subject", left, width: 340 });
    rows.forEach((k, place) => {
      const y = drawn.top + step * (place + 0.6);
      drawn.root.append(svg("text", { x: left - 10, y: y + 4, "text-anchor": "end" }, shown(k, 15)));
      drawn.root.append(svg("line", { class: "axis", x1: drawn.px(0), x2: drawn.px(scores[pair][k]), y1: y, y2: y }));
      const dot = svg("circle", { class: out.has(k) ? "dot" : "dot open", cx: drawn.px(scores[pair][k]), cy: y, r: 5 });
      dot.append(svg("title", {}, `${shown(k)}: ${number(scores[pair][k], 4)}${out.has(k) ? ", stands out" : ""}`));
      drawn.root.append(dot);
    });
    const more = order.length - rows.length;
    return element("figure", {}, element("figcaption", {}, "Each subject ", element("small", {}, `filled: stands out there${more ? `; the ${rows.length} largest of ${order.length}` : ""}`)), drawn.root);
  };
  return { strip, chart };
})();
