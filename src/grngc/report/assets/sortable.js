// The head of a table whose columns sort: {key, title, text: by letters, rising: the least first, fixed: does not sort}.
grngc.sortable = (head, columns, value, changed) => {
  const { element } = grngc;
  let sorted = null, rising = false;
  const compare = (column) => (a, b) => {
    const [x, y] = [value(column, a), value(column, b)];
    if (x === y) return 0; // sorting is stable
    if (x === null || y === null) return x === null ? 1 : -1; // what is not known comes last either way
    return (x < y ? -1 : 1) * (rising ? 1 : -1);
  };
  const button = (column) => element("button", { type: "button", "data-key": column.key, click: () => {
    rising = sorted && sorted.key === column.key ? !rising : Boolean(column.text || column.rising);
    sorted = column;
    draw();
    changed();
    [...head.querySelectorAll("button")].find((each) => each.dataset.key === column.key).focus();
  } }, column.title);
  const draw = () =>
    head.replaceChildren(element("tr", {}, ...columns().map((column) =>
      element("th", { scope: "col", class: column.text ? "name" : null, "aria-sort": sorted && sorted.key === column.key ? (rising ? "ascending" : "descending") : null },
        column.fixed ? column.title : button(column), column.below || null))));
  const sort = (rows) => (sorted ? [...rows].sort(compare(sorted)) : rows);
  return { draw, sort };
};
