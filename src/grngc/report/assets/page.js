// What all pages share: the data, text as it may be shown, elements, light and dark, downloads.
"use strict";
const grngc = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const LONGEST = 60; // characters of a name in a sentence or a table
  const at = (id) => document.getElementById(id);

  // Characters that do not show, or that turn the direction of others, as escapes; of long names the middle is left out.
  const clipped = (text, most) => {
    const letters = Array.from(text.length > 4 * most ? text.slice(0, 2 * most) + text.slice(-2 * most) : text);
    const tail = (most - 1) >> 1;
    const kept = letters.length > most ? [...letters.slice(0, most - 1 - tail), "…", ...letters.slice(-tail)] : letters;
    const said = kept.map((c) => (/[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? `\\u{${c.codePointAt(0).toString(16)}}` : c)).join("");
    return said !== said.trim() || !said ? `“${said}”` : said;
  };
  // Names that look alike have their place among all behind them.
  const toldApart = (names, most) => {
    const texts = names.map((text) => clipped(text, most)), looks = texts.map((text) => text.normalize("NFKC"));
    const count = new Map();
    for (const look of looks) count.set(look, (count.get(look) || 0) + 1);
    return texts.map((text, k) => (count.get(looks[k]) > 1 ? `${clipped(names[k], Math.max(3, most - 3))} #${k + 1}` : text));
  };
  // What a search compares: without the case, accents composed, line breaks as spaces.
  const folded = (text) => text.normalize("NFC").toLowerCase().replace(/\s+/g, " ");

  const number = (value, digits = 3) => {
    if (value === null || value === undefined) return "–";
    if (value !== 0 && Math.abs(value) < 1e-6) return value > 0 ? "< 1e-6" : "> -1e-6";
    if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(Math.min(digits, 2) - 1).replace(".0e", "e");
    return String(Number(value.toPrecision(digits)));
  };
  const percent = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)} %`);

  // element("td", { class: "name" }, "text", other) -- attributes by name, functions as listeners
  const make = (node, attributes, children) => {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === "function") node.addEventListener(name, value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const element = (tag, attributes, ...children) => make(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) =>
    make(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
  // What a list of names, of series, subjects or methods, is shown as: shown(place), as text, and name(place), apart.
  const namesOf = (names) => {
    const labels = new Map(); // so many characters -> names as they are shown
    const shown = (index, most = LONGEST) => {
      if (!labels.has(most)) labels.set(most, toldApart(names, most));
      return labels.get(most)[index];
    };
    // Writing from right to left would turn an arrow beside it.
    const name = (index) => element("bdi", { title: names[index].length > LONGEST ? shown(index, 1000) : null }, shown(index));
    const alike = () => names.some((text, k) => shown(k) !== clipped(text, LONGEST));
    return { shown, name, alike };
  };

  // Parts of the page tell each other what has changed.
  const listeners = {};
  const on = (event, listener) => (listeners[event] = listeners[event] || []).push(listener);
  const tell = (event) => (listeners[event] || []).forEach((listener) => listener());
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const root = document.documentElement;
  const button = at("theme");
  const wear = (theme) => {
    root.dataset.theme = theme;
    button.textContent = theme === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `${button.textContent} colours`);
    tell("theme");
  };
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  wear(dark.matches ? "dark" : "light");
  dark.addEventListener("change", () => wear(dark.matches ? "dark" : "light"));
  button.hidden = false;
  button.addEventListener("click", () => wear(root.dataset.theme === "dark" ? "light" : "dark"));
  let before = null; // paper is light
  window.addEventListener("beforeprint", () => {
    before = before || root.dataset.theme; // some tell it twice
    wear("light");
  });
  window.addEventListener("afterprint", () => {
    wear(before || root.dataset.theme);
    before = null;
  });

  // Names as `grngc export --to csv` writes them: an apostrophe wherever a cell would begin like a formula.
  const FORMULA = /(?<![^;\t|\r\n])(?=[\s\x1c-\x1f\x85"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]|')/g;
  const cellOf = (text) => text.replace(FORMULA, "'");
  const cell = (value) => {
    if (typeof value === "string") return `"${value.replaceAll('"', '""')}"`;
    return value === null || value === undefined ? "" : String(value);
  };
  const download = (file, rows) => {
    const text = rows.map((row) => row.map(cell).join(",")).join("\n") + "\n";
    const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
    element("a", { href: url, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  };

  document.querySelectorAll(".drawn").forEach((section) => (section.hidden = false));
  return { data, at, number, percent, element, svg, namesOf, folded, on, tell, colour, cellOf, download };
})();
