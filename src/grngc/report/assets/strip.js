// A strip: figures on one scale, each with its deviation, beside their number in a table. Shapes tell kinds apart without colours.
grngc.strip = (() => {
  const { svg } = grngc;
  const WIDE = 128, HIGH = 18, ROOM = 8, MIDDLE = HIGH / 2;
  const SHAPES = {
    circle: (x, r) => svg("circle", { cx: x, cy: MIDDLE, r }),
    square: (x, r) => svg("rect", { x: x - r, y: MIDDLE - r, width: 2 * r, height: 2 * r }),
    diamond: (x, r) => svg("path", { d: `M${x - r} ${MIDDLE}L${x} ${MIDDLE - r}L${x + r} ${MIDDLE}L${x} ${MIDDLE + r}Z` }),
    triangle: (x, r) => svg("path", { d: `M${x - r} ${MIDDLE + r}L${x} ${MIDDLE - r}L${x + r} ${MIDDLE + r}Z` }),
    cross: (x, r) => svg("path", { d: `M${x - r} ${MIDDLE - r}L${x + r} ${MIDDLE + r}M${x + r} ${MIDDLE - r}L${x - r} ${MIDDLE + r}` }),
  };
  // Where values lie between the least and the largest; `log` for what is above 0 and spans decades.
  const scaleOf = (values, log = false) => {
    const known = values.filter((v) => v !== null && Number.isFinite(v) && !(log && v <= 0)).map((v) => (log ? Math.log10(v) : v));
    let low = Math.min(...known), high = Math.max(...known);
    if (!known.length) [low, high] = [0, 1];
    if (high - low < 1e-9) [low, high] = [low - 0.5, high + 0.5];
    const px = (v) => {
      const at = log ? Math.log10(Math.max(v, 1e-300)) : v;
      return ROOM + Math.min(1, Math.max(0, (at - low) / (high - low))) * (WIDE - 2 * ROOM);
    };
    return { px, low: log ? 10 ** low : low, high: log ? 10 ** high : high };
  };
  const shape = (kind, form, x, r, open) => {
    const mark = SHAPES[form](x, r);
    mark.setAttribute("class", `mark ${kind}${open ? " open" : ""}`);
    return mark;
  };
  // marks: {at, low, high, kind, form, open}; `here`: a line through all strips of a column.
  const draw = (scale, marks, { here = null, between = null } = {}) => {
    const root = svg("svg", { class: "strip", viewBox: `0 0 ${WIDE} ${HIGH}`, "aria-hidden": "true" },
      svg("line", { class: "axis", x1: ROOM, x2: WIDE - ROOM, y1: MIDDLE, y2: MIDDLE }));
    if (here !== null) root.append(svg("line", { class: "here", x1: scale.px(here), x2: scale.px(here), y1: 0, y2: HIGH }));
    if (between) root.append(svg("line", { class: "between", x1: scale.px(between[0]), x2: scale.px(between[1]), y1: MIDDLE, y2: MIDDLE }));
    for (const mark of marks) {
      if (mark.low !== undefined) root.append(svg("line", { class: `spread ${mark.kind}`, x1: scale.px(mark.low), x2: scale.px(mark.high), y1: MIDDLE, y2: MIDDLE }));
      root.append(shape(mark.kind, mark.form || "circle", scale.px(mark.at), mark.size || 4, mark.open));
    }
    return root;
  };
  const key = (kind, form) => svg("svg", { class: "key", width: 16, height: HIGH, "aria-hidden": "true" }, shape(kind, form, 8, 5, false));
  return { scaleOf, draw, key };
})();
