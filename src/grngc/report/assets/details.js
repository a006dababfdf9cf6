// Beside the picture: one series with what drives it and what it drives, or one edge with all that is known of it.
(() => {
  const { data, pairs, n, at, shown, number, percent, element, svg, name, arrow, signClass, signWord, standsOut, state, look, on, folded } = grngc;
  const { frame, range } = grngc.charts;
  const aside = at("details"), search = at("search"), found = at("search-said");
  const FEW = 5, MOST = 60; // edges of a list where none stands out, and where some do
  const MOST_NAMES = 1000; // offered while typing

  const list = (title, which, other) => {
    const section = element("div", {}, element("h3", {}, title));
    const out = which.filter(standsOut).length;
    const rows = which.filter((pair) => standsOut(pair) || pairs.score[pair] > 0);
    if (!rows.length) return section.append(element("p", { class: "note" }, "nothing")), section;
    if (!out) section.append(element("p", { class: "note" }, "Nothing that stands out; the strongest others:"));
    const items = rows.slice(0, out ? Math.min(out, MOST) : FEW); // those that stand out come first
    const extra = rows.length - items.length;
    section.append(element("ol", {}, ...items.map((pair) => element("li", { class: standsOut(pair) ? null : "weak" },
      element("button", { type: "button", click: () => look({ pair }) }, name(pairs[other][pair]),
        element("span", { class: "value" }, `lag ${pairs.lag[pair]} `, element("span", { class: signClass(pairs.sign[pair]) }, signWord(pairs.sign[pair])), ` ${number(pairs.score[pair])}`))))));
    if (extra > 0) section.append(element("p", { class: "note" }, `and ${extra} more in the table${out && out <= MOST ? ", none of which stands out" : ""}`));
    return section;
  };
  const series = (k) => {
    const all = Array.from({ length: n }, (_, pair) => pair);
    const exogenous = data.exogenous.includes(k);
    aside.replaceChildren(
      element("h3", {}, name(k)),
      exogenous ? element("p", { class: "note" }, "exogenous: may drive others, is driven by none") : list("is driven by", all.filter((pair) => pairs.target[pair] === k), "source"),
      list("drives", all.filter((pair) => pairs.source[pair] === k), "target"),
      closing(),
    );
  };

  const profile = (pair) => {
    const sizes = data.profiles.size[pair], signed = data.profiles.signed[pair], first = data.profiles.first_lag;
    if (!sizes || sizes.length < 2) return null;
    const [low, high] = range([...signed, ...sizes], true);
    const chart = frame({ x: [first - 0.6, first + sizes.length - 0.4], y: [low, high], height: 170, xLabel: "lag (time steps)", label: "Lag profile: mean gradient at each lag",
      xTicks: sizes.map((_, k) => first + k).filter((k) => sizes.length <= 12 || (k - first) % Math.ceil(sizes.length / 10) === 0) });
    const wide = Math.max(2, (0.6 * chart.width) / sizes.length);
    sizes.forEach((size, k) => {
      const x = chart.px(first + k);
      chart.root.append(svg("rect", { class: "bar mixed", x: x - wide / 2, width: wide, y: chart.py(size), height: chart.py(0) - chart.py(size), opacity: 0.35 }));
      const [top, end] = [Math.max(0, signed[k]), Math.min(0, signed[k])].map(chart.py);
      chart.root.append(svg("rect", { class: `bar ${signed[k] < 0 ? "minus" : "plus"}`, x: x - wide / 4, width: wide / 2, y: top, height: end - top }));
    });
    return element("figure", {}, element("figcaption", {}, "Lag profile ", element("small", {}, "wide: mean size; narrow: mean with its sign")), chart.root);
  };
  const edge = (pair) => {
    const get = (field) => (pairs[field] ? pairs[field][pair] : null);
    const facts = [
      [data.subjects ? "mean score" : "score", number(get("score"), 4)],
      ["sd over subjects", get("sd") === null ? null : number(get("sd"))],
      ["stands out in", get("share") === null ? null : `${Math.round(get("share") * data.subjects.length)} of ${data.subjects.length} subjects`],
      ["these agree on the sign", get("sign_agreement") === null ? null : percent(get("sign_agreement"))],
      ["90 % interval, halves of the record", get("low") === null ? null : `${number(get("low"))} to ${number(get("high"))}`],
      ["lag of its largest part", get("lag") === 0 ? "0: within one time step, direction unknown" : `${get("lag")} step${get("lag") === 1 ? "" : "s"}`],
      ["sign there", { "+": "+ (more gives more)", "-": "− (more gives less)", "±": "± (either)" }[get("sign")]],
      ["q (false discovery rate)", get("q") === null ? null : number(get("q"))],
      ["p", get("p") === null ? null : number(get("p"))],
      ["found again in halves", get("frequency") === null ? null : percent(get("frequency"))],
      ["halves that agree on the lag", get("lag_frequency") === null ? null : percent(get("lag_frequency"))],
      ["halves that agree on the sign", get("sign_frequency") === null ? null : percent(get("sign_frequency"))],
      ["windows that agree on the sign", get("sign_constancy") === null ? null : percent(get("sign_constancy"))],
      ["required beforehand", get("required") ? "yes" : null],
      [data.subjects ? "in common" : "stands out", standsOut(pair) ? "yes" : "no"],
    ].filter(([, value]) => value !== null);
    const to = (k) => element("button", { type: "button", click: () => look({ focus: k, pair: null }) }, "about ", name(k));
    aside.replaceChildren(
      element("h3", {}, name(pairs.source[pair]), arrow(pair), name(pairs.target[pair])),
      element("dl", { class: "facts" }, ...facts.map(([what, value]) => element("div", {}, element("dt", {}, what), element("dd", {}, value)))),
      ...[grngc.subjects && grngc.subjects.chart(pair), profile(pair)].filter(Boolean),
      element("p", { class: "controls" }, to(pairs.source[pair]), to(pairs.target[pair])),
      closing(),
    );
  };
  const closing = () => element("p", { class: "controls" }, element("button", { type: "button", click: () => look({ focus: null, pair: null }) }, "Close"));
  const overview = () => {
    const driven = new Map(), drives = new Map();
    for (let pair = 0; pair < data.standing_out; pair += 1) {
      drives.set(pairs.source[pair], (drives.get(pairs.source[pair]) || 0) + 1);
      driven.set(pairs.target[pair], (driven.get(pairs.target[pair]) || 0) + 1);
    }
    const most = (counts, what) => {
      const rows = [...counts].sort((a, b) => b[1] - a[1]).slice(0, 6);
      return element("div", {}, element("h3", {}, what), element("ol", {}, ...rows.map(([k, count]) =>
        element("li", {}, element("button", { type: "button", click: () => look({ focus: k, pair: null }) }, name(k), element("span", { class: "value" }, String(count)))))));
    };
    aside.replaceChildren(
      element("p", { class: "note" }, "Choose a series or an edge, in the picture, by its name or in the table, to see all that is known of it."),
      ...(data.standing_out ? [most(drives, "Drive most others"), most(driven, "Are driven by most")] : [element("p", {}, data.subjects ? "The subjects have no edge in common." : "No edge stands out. What is drawn are scores that chance gives as well.")]),
    );
  };
  on("look", () => (state.pair !== null ? edge(state.pair) : state.focus !== null ? series(state.focus) : overview()));

  // Search: the exact name, else the first that begins with or holds what was typed.
  const names = data.names.map(folded);
  at("names").append(...data.names.slice(0, MOST_NAMES).filter((text) => text.length < 200).map((text) => element("option", { value: text })));
  const seek = () => {
    const typed = search.value, asked = folded(typed.trim());
    if (!asked) {
      found.textContent = "";
      return look({ focus: null, pair: null });
    }
    const order = [(text) => text === asked, (text) => text.startsWith(asked), (text) => text.includes(asked)];
    const k = [data.names.indexOf(typed), ...order.map((fits) => names.findIndex(fits))].find((place) => place >= 0);
    const count = names.filter((text) => text.includes(asked)).length;
    found.replaceChildren(...(k === undefined ? ["No series is called so."] : count > 1 ? [name(k), `, the nearest of ${count} names`] : []));
    if (k !== undefined) look({ focus: k, pair: null });
  };
  search.addEventListener("input", seek);
  overview();
})();
