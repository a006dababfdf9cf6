// The table of edges: sorted, filtered, and downloaded as it stands.
(() => {
  const { data, pairs, n, at, number, percent, element, name, signClass, signWord, standsOut, state, look, on, cellOf, download, folded, alike } = grngc;
  const PAGE = 50;
  const columns = [
    { key: "source", title: "source", text: true },
    { key: "target", title: "target", text: true },
    { key: "lag", title: "lag", show: (v) => String(v), rising: true },
    { key: "score", title: "score", show: (v) => number(v, 4) },
    { key: "sign", title: "sign", rising: true },
    { key: "q", title: "q", show: (v) => number(v), rising: true },
    { key: "frequency", title: "halves", show: percent },
    { key: "low", title: "from", show: (v) => number(v) },
    { key: "high", title: "to", show: (v) => number(v) },
    { key: "sign_constancy", title: "same sign", show: percent },
    { key: "sd", title: "sd", show: (v) => number(v) },
    { key: "share", title: "subjects", show: percent },
    { key: "sign_agreement", title: "agree on sign", show: percent },
    { key: "strip", title: "each subject", fixed: true },
  ].filter((column) => pairs[column.key] || (column.fixed && grngc.subjects));
  const head = at("table").tHead, body = at("table").tBodies[0];
  const lower = data.names.map(folded);
  const all = Array.from({ length: n }, (_, k) => k);
  let rows = all, length = PAGE;

  const value = (column, pair) => (column.text ? lower[pairs[column.key][pair]] : pairs[column.key][pair]);
  const { draw: headings, sort } = grngc.sortable(head, () => columns, value, () => filter());
  const row = (pair) =>
    element("tr", { class: [standsOut(pair) ? "" : "weak", pair === state.pair ? "chosen" : ""].join(" ").trim() || null },
      ...columns.map((column, k) => {
        if (column.fixed) return element("td", {}, grngc.subjects.strip(pair));
        const what = pairs[column.key][pair];
        if (column.text) return element("td", { class: "name" }, element("button", { type: "button", click: () => { look(k ? { focus: what, pair: null } : { pair }); at("explore").scrollIntoView(); } }, name(what)));
        if (column.key === "sign") return element("td", { class: signClass(what) }, signWord(what));
        return element("td", {}, column.show(what));
      }));
  const draw = () => {
    body.replaceChildren(...rows.slice(0, length).map(row));
    at("more").hidden = rows.length <= length;
    at("more").textContent = `Show ${Math.min(4 * PAGE, rows.length - length)} more`;
    const unlisted = data.n_pairs - n;
    at("table-said").textContent = `${Math.min(length, rows.length)} of ${rows.length} pair${rows.length === 1 ? "" : "s"} shown; ${data.standing_out || "none"} stand${data.standing_out > 1 ? "" : "s"} out, others are faint.`
      + (unlisted > 0 ? ` Of ${data.n_pairs} pairs the ${n} strongest are here; ${data.file} has all.` : "");
  };
  const filter = () => {
    const asked = folded(at("filter").value.trim()), least = Number(at("least").value) || 0, only = at("only").checked;
    rows = sort(all.filter((pair) => (!only || standsOut(pair)) && pairs.score[pair] >= least
      && (!asked || lower[pairs.source[pair]].includes(asked) || lower[pairs.target[pair]].includes(asked))));
    length = PAGE;
    draw();
  };
  for (const id of ["filter", "least", "only"]) at(id).addEventListener("input", filter);
  at("more").addEventListener("click", () => {
    length += 4 * PAGE;
    draw();
  });
  const FIELDS = ["lag", "score", "sign", "nearness", "sign_constancy", "frequency", "p", "q", "selected", "low", "high", "lag_frequency", "sign_frequency", "sd", "share", "sign_agreement"];
  at("download").addEventListener("click", () => {
    const kept = FIELDS.filter((field) => pairs[field]);
    download(data.file, [["source", "target", ...kept.map((field) => (field === "score" && data.subjects ? "mean_score" : field))], ...rows.map((pair) => [cellOf(data.names[pairs.source[pair]]), cellOf(data.names[pairs.target[pair]]), ...kept.map((field) => pairs[field][pair])])]);
  });
  at("alike").hidden = !alike();
  at("formulas").hidden = data.names.every((text) => cellOf(text) === text);
  at("only").checked = data.standing_out > 0;
  at("only-label").hidden = data.standing_out === 0;
  on("look", draw);
  headings();
  filter();
})();
