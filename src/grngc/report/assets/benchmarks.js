// Every table of benchmarks: the figure that is chosen, its lines as numbers and as dots on one scale a column.
(() => {
  const { data, element, namesOf, folded, number, cellOf, download } = grngc;
  const { scaleOf, draw: strip, key } = grngc.strip;
  const KINDS = {
    default: { said: "ours, the default", form: "circle" },
    grngc: { said: "ours, other settings", form: "triangle" },
    oracle: { said: "best step, picked on the truth", form: "cross" },
    control: { said: "controls", form: "square" },
    published: { said: "as printed", form: "diamond" },
  };
  const ORDER = Object.keys(KINDS);

  const build = (table, section) => {
    const part = (query) => section.querySelector(query);
    const there = ORDER.filter((kind) => table.lines.some((line) => line.kind === kind));
    const shown = new Set(there);
    const { name } = namesOf(table.lines.map((line) => line.label));
    const select = part("select.metric");
    let metric = 0;
    const figure = (line, column) => line.figures[metric][column];
    const more = () => table.metrics[metric].more_is_better;

    const scales = () => table.columns.map((_, column) => {
      const ends = table.lines.filter((line) => shown.has(line.kind)).map((line) => figure(line, column)).filter((one) => one.mean !== null)
        .flatMap(({ mean, sd }) => (sd && more() ? [mean - sd, mean + sd] : [mean]));
      return scaleOf(ends, !more());
    });
    const columns = () => {
      const drawn = scales(), digits = more() ? 2 : 3;
      const ends = (column) => element("span", { class: "ends", "aria-hidden": "true" }, element("span", {}, number(drawn[column].low, digits)), element("span", {}, number(drawn[column].high, digits)));
      return [
        { key: "label", title: "method", text: true, rising: true },
        ...table.columns.map((title, k) => ({ key: `column-${k}`, column: k, title, rising: !more(), scale: drawn[k], below: ends(k) })),
        { key: "seeds", title: "seeds", rising: true },
        ...(table.lines.some((line) => line.seconds) ? [{ key: "seconds", title: "s a run", rising: true }] : []),
        ...(table.lines.some((line) => line.parameters) ? [{ key: "parameters", title: "parameters", rising: true }] : []),
        ...(table.lines.some((line) => line.memory) ? [{ key: "memory", title: "MB", rising: true }] : []),
      ];
    };
    const value = (column, line) => {
      if (column.column !== undefined) return figure(line, column.column).mean;
      const what = line[column.key];
      return typeof what === "string" ? folded(what) : what && what.least;
    };
    const { draw: headings, sort } = grngc.sortable(part("thead"), columns, value, () => draw());

    // Before anything is sorted: kinds one after the other, in each the best of the first column first.
    const inGroups = (lines) => {
      const rank = (line) => (figure(line, 0).mean === null ? Infinity : figure(line, 0).mean * (more() ? -1 : 1));
      return [...lines].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || rank(a) - rank(b) || 0);
    };
    const dots = (line, { column, scale }) => {
      const { mean, sd, whole } = figure(line, column), standard = table.lines.find((one) => one.kind === "default");
      const here = standard ? figure(standard, column).mean : null;
      const spread = sd ? { low: mean - sd, high: mean + sd } : {};
      return strip(scale, mean === null ? [] : [{ at: mean, ...spread, kind: `kind-${line.kind}`, form: KINDS[line.kind].form, open: !whole, size: line.kind === "default" ? 5 : 4 }], { here });
    };
    const cell = (line, column) => {
      if (column.column === undefined) return element("td", { class: "cost" }, column.key === "seeds" ? line.seeds : (line[column.key] || { said: "" }).said);
      const { mean, said } = figure(line, column.column);
      return element("td", { class: mean === null ? "figure none" : "figure" }, said, dots(line, column));
    };
    const method = (line) =>
      element("th", { scope: "row", class: "name" }, key(`kind-${line.kind}`, KINDS[line.kind].form), name(table.lines.indexOf(line)), element("small", {}, line.kind === "oracle" ? KINDS.oracle.said : line.chosen));
    const foot = () =>
      part("tfoot").replaceChildren(...Object.entries(table.verdicts[metric]).map(([what, said]) =>
        element("tr", {}, element("th", { scope: "row", class: "name" }, what), ...table.columns.map((_, k) => element("td", { class: "verdict" }, said[k] === null ? "–" : element("strong", {}, said[k].said), said[k] === null ? null : element("small", {}, said[k].of))), element("td", { colspan: columns().length - table.columns.length - 1 }))));
    const nothing = (line) => line.figures[metric].every((one) => one.nothing);
    const draw = () => {
      const now = columns();
      const lines = table.lines.filter((line) => shown.has(line.kind) && !nothing(line));
      headings();
      part("tbody").replaceChildren(...sort(inGroups(lines)).map((line) =>
        element("tr", { class: `kind-${line.kind}` }, method(line), ...now.slice(1).map((column) => cell(line, column)))));
      foot();
    };
    select.append(...table.metrics.map((each, k) => element("option", { value: k }, each.title)));
    select.addEventListener("change", () => {
      metric = Number(select.value);
      draw();
    });
    part(".choices").append(...there.map((kind) => {
      const box = element("input", { type: "checkbox", checked: true, "data-kind": kind, change: () => {
        if (box.checked) shown.add(kind);
        else shown.delete(kind);
        draw();
      } });
      return element("label", {}, box, key(`kind-${kind}`, KINDS[kind].form), KINDS[kind].said);
    }));
    part(".download").addEventListener("click", () =>
      download(`${table.name}.csv`, [
        ["table", "column", "row", "kind", "chosen", "metric", "mean", "sd", "seeds", "failed"],
        ...table.lines.flatMap((line) => table.columns.flatMap((_, c) => table.metrics.map((each, m) => {
          const { mean, sd, runs, failed } = line.figures[m][c];
          return [cellOf(table.name), cellOf(table.column_names[c]), cellOf(line.label), line.kind, cellOf(line.chosen), each.name, mean, sd, runs, failed];
        }))),
      ]));
    draw();
  };
  document.querySelectorAll("section.benchmark").forEach((section, k) => build(data.tables[k], section));
})();
