// The table of what differs between A and B: sorted, filtered, and downloaded as it stands.
(() => {
  const { data, at, namesOf, folded, number, percent, element, cellOf, download } = grngc;
  const { scaleOf, draw: strip, key } = grngc.strip;
  const PAGE = 50;
  const { pairs, names } = data, n = pairs.source.length;
  const { name, alike } = namesOf(names);
  const all = Array.from({ length: n }, (_, k) => k);
  const ORDER = ["gained", "lost", "changed", "same"];
  const FORMS = { gained: "triangle", lost: "square", changed: "diamond", same: "circle" };
  const shown = new Set(ORDER.filter((status) => status !== "same" || ORDER.slice(0, 3).every((one) => !data.counts[one])));
  const scale = scaleOf([0, ...pairs.score_a, ...pairs.score_b]);
  const tested = data.tested;
  const share = (v) => percent(v);
  const columns = [
    { key: "status", title: "status", text: true },
    { key: "source", title: "source", text: true },
    { key: "target", title: "target", text: true },
    { key: "score_a", title: "in A", show: (v) => number(v) },
    { key: "score_b", title: "in B", show: (v) => number(v) },
    { key: "strip", title: "from A to B", fixed: true },
    { key: "difference", title: "difference", show: (v) => number(v, 3) },
    ...(tested ? [
      { key: "share_a", title: "subjects of A", show: share },
      { key: "share_b", title: "subjects of B", show: share },
      { key: "p_familywise", title: "p, family-wise", show: (v) => number(v, 2), rising: true },
      { key: "q", title: "q", show: (v) => number(v, 2), rising: true },
    ] : [
      { key: "sign_a", title: "sign in A", rising: true, show: (v) => v },
      { key: "sign_b", title: "sign in B", rising: true, show: (v) => v },
    ]),
  ];
  const lower = names.map(folded);
  const value = (column, k) => (column.key === "status" ? ORDER.indexOf(pairs.status[k]) : column.text ? lower[pairs[column.key][k]] : pairs[column.key][k]);
  const body = at("table").tBodies[0];
  const { draw: headings, sort } = grngc.sortable(at("table").tHead, () => columns, value, () => filter());
  let rows = all, length = PAGE;
  const path = (k) => strip(scale, [
    { at: pairs.score_a[k], kind: "was", open: true },
    { at: pairs.score_b[k], kind: `is ${pairs.status[k]}` },
  ], { between: [pairs.score_a[k], pairs.score_b[k]] });
  const cell = (column, k) => {
    if (column.key === "status") return element("td", { class: `name status ${pairs.status[k]}` }, key(pairs.status[k], FORMS[pairs.status[k]]), pairs.status[k]);
    if (column.text) return element("td", { class: "name" }, name(pairs[column.key][k]));
    return element("td", {}, column.fixed ? path(k) : column.show(pairs[column.key][k]));
  };
  const draw = () => {
    body.replaceChildren(...rows.slice(0, length).map((k) => element("tr", {}, ...columns.map((column) => cell(column, k)))));
    at("more").hidden = rows.length <= length;
    at("more").textContent = `Show ${Math.min(4 * PAGE, rows.length - length)} more`;
    const left = data.n_pairs - n;
    at("table-said").textContent = `${Math.min(length, rows.length)} of ${rows.length} pair${rows.length === 1 ? "" : "s"} shown, the clearest first; hollow: A, filled: B.`
      + (left > 0 ? ` ${left} more, the least clear, are in the file that grngc compare --out writes.` : "");
  };
  const filter = () => {
    const asked = folded(at("filter").value.trim());
    rows = sort(all.filter((k) => shown.has(pairs.status[k]) && (!asked || lower[pairs.source[k]].includes(asked) || lower[pairs.target[k]].includes(asked))));
    length = PAGE;
    draw();
  };
  at("kinds").append(...ORDER.map((status) => {
    const box = element("input", { type: "checkbox", id: `kind-${status}`, checked: shown.has(status), change: () => {
      if (box.checked) shown.add(status);
      else shown.delete(status);
      filter();
    } });
    return element("label", {}, box, key(status, FORMS[status]), `${status} (${data.counts[status]})`);
  }));
  at("filter").addEventListener("input", filter);
  at("more").addEventListener("click", () => {
    length += 4 * PAGE;
    draw();
  });
  const FIELDS = ["status", "score_a", "score_b", "difference", "sign_a", "sign_b", "share_a", "share_b", "p", "p_familywise", "q"];
  at("download").addEventListener("click", () =>
    download("differences.csv", [["source", "target", ...FIELDS], ...rows.map((k) => [cellOf(names[pairs.source[k]]), cellOf(names[pairs.target[k]]), ...FIELDS.map((field) => pairs[field][k])])]));
  at("alike").hidden = !alike();
  at("formulas").hidden = names.every((text) => cellOf(text) === text);
  headings();
  filter();
})();
