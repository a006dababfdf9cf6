// The matrix of scores: a row for each target, a column for each source. The view of choice for many series.
grngc.heat = (() => {
  const { data, at, shown, name, colour, state, look, on, pairOf, pairs, number, percent, standsOut } = grngc;
  const p = data.names.length;
  const decoded = (heat) => ({ largest: heat.largest, levels: Uint8Array.from(atob(heat.bytes), (c) => c.charCodeAt(0)) });
  const scores = decoded(data.heat), shares = data.share_heat ? decoded(data.share_heat) : null;
  let drawn = scores;
  const canvas = at("heat-canvas"), said = at("heat-said");
  const LABELS = 9; // pixels of a cell from which names fit beside it
  const RINGED = 4; // pixels of a cell from which a ring fits
  const STOPS = 5;
  let cursor = null; // [target, source]
  let box = null;

  const channels = (text) => {
    const value = parseInt(text.slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  };
  const palette = () => {
    const stops = Array.from({ length: STOPS }, (_, k) => channels(colour(`heat-${k}`)));
    return Array.from({ length: 256 }, (_, level) => {
      const place = (level / 255) * (STOPS - 1), low = Math.min(STOPS - 2, Math.floor(place)), part = place - low;
      return stops[low].map((c, k) => Math.round(c + part * (stops[low + 1][k] - c)));
    });
  };
  const matrix = () => {
    const small = document.createElement("canvas");
    small.width = small.height = p;
    const image = new ImageData(p, p), colours = palette(), none = channels(colour("heat-none"));
    for (let k = 0; k < p * p; k += 1) {
      const own = Math.floor(k / p) === k % p;
      image.data.set([...(own ? none : colours[drawn.levels[k]]), 255], 4 * k);
    }
    small.getContext("2d").putImageData(image, 0, 0);
    return small;
  };

  const outline = (pen, width, ...where) => {
    for (const [kind, wide] of [["ground", width + Math.min(2.5, box.cell / 4)], ["focus", width]]) { // seen on the palest and on the darkest cells
      pen.strokeStyle = colour(kind);
      pen.lineWidth = wide;
      pen.strokeRect(...where);
    }
  };
  const draw = () => {
    const wide = canvas.parentElement.clientWidth;
    if (!wide) return;
    const pen = canvas.getContext("2d"), scale = window.devicePixelRatio || 1;
    const font = (size) => `${size}px system-ui, sans-serif`;
    const clip = wide < 500 ? 9 : 16;
    pen.font = font(11);
    const widest = Math.max(...data.names.map((_, k) => pen.measureText(shown(k, clip)).width).slice(0, 200)) + 10;
    const named = (wide - widest) / p >= LABELS;
    const margin = named ? widest : 22;
    const cell = Math.min(40, (wide - margin - 2) / p);
    const side = cell * p;
    box = { left: margin, top: margin, cell };
    canvas.width = Math.round(wide * scale);
    canvas.height = Math.round((side + margin + 2) * scale);
    canvas.style.height = `${side + margin + 2}px`;
    pen.scale(scale, scale);
    pen.imageSmoothingEnabled = false;
    pen.drawImage(matrix(), margin, margin, side, side);
    pen.strokeStyle = colour("line");
    pen.strokeRect(margin, margin, side, side);
    pen.fillStyle = colour("soft");
    pen.font = font(Math.max(8, Math.min(12, cell - 1)));
    pen.textBaseline = "middle";
    if (named)
      for (let k = 0; k < p; k += 1) {
        const middle = margin + (k + 0.5) * cell;
        pen.fillStyle = colour(k === state.focus ? "focus" : "soft");
        pen.textAlign = "right";
        pen.fillText(shown(k, clip), margin - 5, middle);
        pen.save();
        pen.translate(middle, margin - 5);
        pen.rotate(-Math.PI / 2);
        pen.textAlign = "left";
        pen.fillText(shown(k, clip), 0, 0);
        pen.restore();
      }
    else {
      pen.textAlign = "left";
      pen.font = font(12);
      pen.fillText("source →", margin, 10);
      pen.save();
      pen.translate(10, margin);
      pen.rotate(-Math.PI / 2);
      pen.textAlign = "right";
      pen.fillText("← target", 0, 0);
      pen.restore();
    }
    if (cell >= RINGED) marks(pen);
    if (state.focus !== null) {
      outline(pen, 1.5, margin, margin + state.focus * cell, side, cell);
      outline(pen, 1.5, margin + state.focus * cell, margin, cell, side);
    }
    if (cursor) outline(pen, 2.5, margin + cursor[1] * cell - 1, margin + cursor[0] * cell - 1, cell + 2, cell + 2);
  };
  // A ring on each pair that stands out: seen without colours.
  const marks = (pen) => {
    pen.strokeStyle = colour("mark");
    pen.lineWidth = Math.max(1, Math.min(2, box.cell / 9));
    for (let k = 0; k < data.standing_out; k += 1) {
      pen.beginPath();
      pen.arc(box.left + (pairs.source[k] + 0.5) * box.cell, box.top + (pairs.target[k] + 0.5) * box.cell, Math.max(1.2, box.cell * 0.26), 0, 7);
      pen.stroke();
    }
  };

  const tellOf = (target, source) => {
    if (target === source) return [name(target), ": its own past, which is no edge"];
    const pair = pairOf(source, target), place = target * p + source;
    const about = (heat) => heat.largest * (heat.levels[place] / 255) ** 2;
    const score = pair === undefined ? `about ${number(about(scores), 2)}` : number(pairs.score[pair], 4);
    const share = shares ? `, in ${percent(pair === undefined ? about(shares) : pairs.share[pair])} of the subjects` : "";
    const out = share || (pair !== undefined && standsOut(pair) ? ", stands out" : "");
    return [name(source), pair === undefined ? " → " : grngc.arrow(pair), name(target), `: score ${score}${out}`];
  };
  const moveTo = (target, source) => {
    cursor = [Math.min(p - 1, Math.max(0, target)), Math.min(p - 1, Math.max(0, source))];
    said.replaceChildren(...tellOf(...cursor));
    draw();
  };
  const under = (event) => {
    const place = canvas.getBoundingClientRect();
    const source = Math.floor((event.clientX - place.left - box.left) / box.cell);
    const target = Math.floor((event.clientY - place.top - box.top) / box.cell);
    return [target, source];
  };
  const inside = (k) => k >= 0 && k < p;
  const open = (target, source) => {
    const pair = target === source ? undefined : pairOf(source, target);
    look(pair === undefined ? { pair: null, focus: target } : { pair, focus: state.focus });
  };
  let last = "";
  canvas.addEventListener("mousemove", (event) => {
    const [target, source] = under(event);
    if (!inside(target) || !inside(source) || last === `${target} ${source}`) return;
    last = `${target} ${source}`;
    said.replaceChildren(...tellOf(target, source));
  });
  canvas.addEventListener("click", (event) => {
    const [target, source] = under(event);
    if (inside(target) && inside(source)) {
      cursor = [target, source];
      said.replaceChildren(...tellOf(target, source));
      open(target, source);
    } else if (inside(target) || inside(source)) look({ focus: inside(target) ? target : source, pair: null });
  });
  const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  canvas.addEventListener("keydown", (event) => {
    const [target, source] = cursor || [0, 0];
    if (STEPS[event.key]) moveTo(target + STEPS[event.key][0], source + STEPS[event.key][1]);
    else if (event.key === "Enter" && cursor) open(...cursor);
    else if (event.key === "Escape") {
      cursor = null;
      look({ pair: null, focus: null });
    } else return;
    event.preventDefault();
  });

  const legend = () => {
    const ringed = box && box.cell >= RINGED ? ` · ring: ${shares ? "in common" : "stands out"}` : "";
    const id = "scale", scale = grngc.svg("linearGradient", { id });
    for (let k = 0; k < STOPS; k += 1) scale.append(grngc.svg("stop", { offset: `${25 * k}%`, "stop-color": colour(`heat-${k}`) }));
    const bar = grngc.svg("svg", { width: 120, height: 12, "aria-hidden": "true" }, scale, grngc.svg("rect", { width: 120, height: 12, fill: `url(#${id})` }));
    return [
      grngc.element("span", {}, bar, drawn === shares ? `share of subjects, 0 to ${percent(shares.largest)} (root scale)` : `score 0 to ${number(scores.largest, 3)} (root scale)`),
      grngc.element("span", {}, `row: target · column: source${ringed} · grey: own past`),
    ];
  };
  const choose = (which) => {
    drawn = which;
    at("heat-share").setAttribute("aria-pressed", which === shares);
    at("heat-score").setAttribute("aria-pressed", which === scores);
    draw();
    grngc.tell("heat");
  };
  if (shares) {
    at("heat-share").addEventListener("click", () => choose(shares));
    at("heat-score").addEventListener("click", () => choose(scores));
  }
  on("look", () => {
    if (state.pair !== null) cursor = [pairs.target[state.pair], pairs.source[state.pair]];
    if (!at("heat").hidden) draw();
  });
  on("theme", () => at("heat").hidden || draw());
  return { draw, legend };
})();
