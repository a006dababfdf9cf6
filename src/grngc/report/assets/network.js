// The network: the strongest edges first, as many as the slider says; and the switch between it and the heat map.
(() => {
  const { data, pairs, n, at, shown, colour, state, look, on, number, standsOut, svg, element, signClass } = grngc;
  const p = data.names.length;
  const RING = 40; // series up to which all stand on a ring
  const MANY = 60; // series beyond which the heat map is shown first
  const AT_FIRST = 60; // edges drawn at first, at most
  const MOST = Math.min(n, 3000); // edges that can be drawn
  const view = at("network"), slider = at("threshold"), lonely = at("lonely");
  const strongest = Math.max(...pairs.score.slice(0, MOST), 1e-300);
  let cy = null;

  const drawable = (pair) => pairs.score[pair] > 0 || standsOut(pair);
  let possible = 0;
  while (possible < MOST && drawable(possible)) possible += 1;

  const lines = () => ({ "+": colour("plus"), "-": colour("minus"), "±": colour("mixed") });
  let unit = 1; // of sizes: a pixel when all is shown, however far the layout of many series spreads
  const style = () => {
    const line = lines(), many = p > RING;
    return [
      { selector: "node", style: {
        label: "data(label)", "font-size": many ? 10 * unit : 12, color: colour("ink"), "background-color": colour("raised"), "border-width": 1.5 * unit,
        "border-color": colour("soft"), width: (node) => node.data("wide") * unit, height: (node) => node.data("high") * unit, shape: many ? "ellipse" : "round-rectangle", "text-valign": many ? "top" : "center", "text-margin-y": many ? -2 : 0,
        "text-outline-color": colour("ground"), "text-outline-width": 2 * unit, "min-zoomed-font-size": many ? 7 : 0,
      } },
      { selector: "edge", style: {
        width: (edge) => edge.data("width") * unit, "curve-style": many ? "straight" : "bezier", "control-point-step-size": 26, "target-arrow-shape": "triangle",
        "arrow-scale": many ? 0.7 : 1, "line-color": line["±"], "target-arrow-color": line["±"], "line-style": "dashed", "line-dash-pattern": [1 * unit, 5 * unit], "line-cap": "round", opacity: 0.95,
      } },
      { selector: "edge[sign = '+']", style: { "line-color": line["+"], "target-arrow-color": line["+"], "line-style": "solid", "line-cap": "butt" } },
      { selector: "edge[sign = '-']", style: { "line-color": line["-"], "target-arrow-color": line["-"], "line-dash-pattern": [7 * unit, 4 * unit], "line-cap": "butt", "target-arrow-shape": "tee" } },
      { selector: "edge[lag = 0]", style: { "target-arrow-shape": "none" } },
      { selector: "edge.weak", style: { opacity: data.standing_out ? 0.35 : 0.6 } },
      { selector: ".away", style: { opacity: 0.1, "text-opacity": 0.25 } },
      { selector: "node.focus", style: { "border-color": colour("focus"), "border-width": 4 * unit, "z-index": 9 } },
      { selector: "edge.chosen", style: { "line-color": colour("focus"), "target-arrow-color": colour("focus"), opacity: 1, "z-index": 9, width: 5 * unit } },
    ];
  };
  const size = (k) => (p > RING ? { wide: 11, high: 11 } : { wide: Math.max(32, 14 + 7 * shown(k, 12).length), high: 28 }); // names fit
  const start = () => {
    const elements = data.names.map((_, k) => ({ data: { id: `s${k}`, series: k, label: shown(k, p > RING ? 14 : 12), ...size(k) } }));
    cy = cytoscape({
      container: view, elements, style: style(), layout: { name: "preset" }, userZoomingEnabled: false, boxSelectionEnabled: false,
      autounselectify: true, minZoom: 0.05, maxZoom: 6, pixelRatio: p > 300 ? 1 : "auto", textureOnViewport: p > 300, hideEdgesOnViewport: p > 600,
    });
    cy.on("tap", "node", (event) => look({ focus: event.target.data("series"), pair: null }));
    cy.on("tap", "edge", (event) => look({ pair: event.target.data("pair") }));
    cy.on("tap", (event) => event.target === cy && look({ focus: null, pair: null }));
    update(true);
  };
  const edgeOf = (pair) => ({
    group: "edges", classes: standsOut(pair) ? "" : "weak",
    data: {
      id: `e${pair}`, pair, source: `s${pairs.source[pair]}`, target: `s${pairs.target[pair]}`, sign: pairs.sign[pair], lag: pairs.lag[pair],
      width: (p > RING ? 0.8 : 1.2) + (p > RING ? 2.6 : 4.3) * Math.sqrt(pairs.score[pair] / strongest),
    },
  });

  // Draw as many edges as asked for; with `settle` find places for the series.
  const update = (settle) => {
    if (!cy) return;
    cy.batch(() => {
      cy.edges().filter((edge) => edge.data("pair") >= state.drawn).remove();
      const there = cy.edges().length;
      cy.add(Array.from({ length: Math.max(0, state.drawn - there) }, (_, k) => edgeOf(there + k)));
      cy.nodes().forEach((node) => void node.style("display", p <= RING || lonely.checked || node.degree() > 0 ? "element" : "none"));
    });
    if (settle) place();
    mark();
  };
  const place = () => {
    const seen = cy.elements(":visible");
    if (seen.nodes().length === 0) return;
    const ring = { name: "circle", animate: false, padding: 24, avoidOverlap: true };
    seen.layout(ring).run();
    if (p > RING && state.drawn > 0) {
      const alone = cy.nodes(":visible").filter((node) => node.degree() === 0);
      const joined = seen.difference(alone);
      const large = joined.nodes().length > 250;
      joined.layout(large
        ? { name: "concentric", animate: false, padding: 24, minNodeSpacing: 4, concentric: (node) => node.degree(), levelWidth: () => 2 }
        : { name: "cose", animate: false, randomize: false, padding: 24, nodeRepulsion: () => 9000, idealEdgeLength: () => 46, edgeElasticity: () => 60, gravity: 0.6, numIter: 700, componentSpacing: 90, nodeOverlap: 12 }).run();
      if (alone.length) {
        const box = joined.boundingBox();
        alone.layout({ name: "grid", animate: false, avoidOverlap: true, boundingBox: { x1: box.x1, y1: box.y2 + 40, w: Math.max(300, box.w), h: 30 * Math.ceil(alone.length / 12) } }).run();
      }
    }
    cy.fit(cy.elements(":visible"), 24);
    if (p > RING) {
      unit = Math.min(3, Math.max(0.4, 1 / cy.zoom()));
      cy.style(style());
    }
  };
  const mark = () => {
    if (!cy) return;
    cy.batch(() => {
      cy.elements().removeClass("away focus chosen");
      if (state.focus !== null) {
        const node = cy.getElementById(`s${state.focus}`);
        if (node.style("display") === "none") node.style("display", "element");
        cy.elements().difference(node.closedNeighborhood()).addClass("away");
        node.addClass("focus");
      }
      if (state.pair !== null) cy.getElementById(`e${state.pair}`).removeClass("away").addClass("chosen");
    });
  };

  const said = () => {
    const k = state.drawn, out = data.standing_out, least = k ? `, the weakest of score ${number(pairs.score[k - 1], 2)}` : "";
    const what = k === 0 ? "none" : k < out ? `${k} strongest of ${out}${least}` : k === out ? (out === 1 ? "the one that stands out" : `all ${out} that stand out`) : out ? `${out} that stand${out === 1 ? "s" : ""} out and ${k - out} faint other${k - out === 1 ? "" : "s"}` : `${k} faint ones, none of which stands out`;
    at("threshold-said").textContent = what;
    slider.setAttribute("aria-valuetext", what);
    at("nothing").hidden = k > 0 || !at("heat").hidden;
  };
  // Where the slider can stop: every number up to fifty, then fewer and fewer; always all that stand out.
  const first = Math.min(data.standing_out, AT_FIRST, possible);
  const stops = [first, possible, Math.min(data.standing_out, possible)];
  for (let k = 0; k < possible; k = Math.max(k + 1, Math.round(1.04 * k))) stops.push(k);
  const rising = [...new Set(stops)].sort((a, b) => a - b);
  slider.max = rising.length - 1;
  slider.value = rising.indexOf(first);
  slider.disabled = possible === 0;
  state.drawn = first;
  slider.addEventListener("input", () => {
    state.drawn = rising[Number(slider.value)];
    said();
    update(false);
    legend();
  });
  slider.addEventListener("change", () => p > RING && update(true));
  lonely.checked = p <= RING;
  lonely.closest("label").hidden = p <= RING;
  lonely.addEventListener("change", () => update(true));
  at("fit").addEventListener("click", () => cy && cy.fit(cy.elements(":visible"), 24));
  const zoom = (by) => cy && cy.zoom({ level: cy.zoom() * by, renderedPosition: { x: view.clientWidth / 2, y: view.clientHeight / 2 } });
  view.addEventListener("wheel", (event) => { // without Ctrl the page scrolls on
    if (!event.ctrlKey || !cy) return;
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }, { passive: false });
  at("closer").addEventListener("click", () => zoom(1.3));
  at("farther").addEventListener("click", () => zoom(1 / 1.3));

  const key = (sign, text) => {
    const kind = `sign-${signClass(sign)}`, dashes = { "+": null, "-": "6 3", "±": "1.5 3" }[sign];
    const picture = svg("svg", { width: 40, height: 12, "aria-hidden": "true" }, svg("line", { class: kind, x1: 0, y1: 6, x2: 31, y2: 6, "stroke-width": 2.5, "stroke-dasharray": dashes }));
    picture.append(sign === "-" ? svg("line", { class: kind, x1: 33, y1: 1, x2: 33, y2: 11, "stroke-width": 2.5 }) : svg("path", { class: `tip ${kind}`, d: "M31 1L39 6L31 11Z" }));
    return element("span", {}, picture, text);
  };
  const legend = () => {
    const heat = !at("heat").hidden, keys = [];
    if (heat) keys.push(...grngc.heat.legend());
    else {
      keys.push(key("+", "more gives more"), key("-", "more gives less"), key("±", "either"));
      keys.push(element("span", {}, "wider: larger score"));
      const hidden = cy && p > RING && !lonely.checked ? cy.nodes().filter((node) => node.degree() === 0).length : 0;
      if (hidden) keys.push(element("span", {}, `${hidden} series without an edge are not drawn`));
    }
    at("legend").replaceChildren(...keys);
  };
  const show = (heat) => {
    view.hidden = heat;
    at("heat").hidden = !heat;
    document.querySelectorAll(".heat-only").forEach((part) => (part.hidden = !heat));
    document.querySelectorAll(".network-only").forEach((part) => (part.hidden = heat));
    at("view-heat").setAttribute("aria-pressed", heat);
    at("view-network").setAttribute("aria-pressed", !heat);
    if (heat) grngc.heat.draw();
    else if (!cy) start();
    else cy.resize();
    said();
    legend();
  };
  at("view-heat").addEventListener("click", () => show(true));
  at("view-network").addEventListener("click", () => show(false));
  on("look", mark);
  on("heat", legend);
  on("theme", () => {
    if (cy) cy.style(style());
    legend();
  });
  let wide = window.innerWidth;
  window.addEventListener("resize", () => {
    if (window.innerWidth === wide) return; // a phone's address bar
    wide = window.innerWidth;
    if (!at("heat").hidden) show(true);
    else if (cy) cy.resize().fit(cy.elements(":visible"), 24);
  });
  show(p > MANY || data.standing_out === 0);
})();
