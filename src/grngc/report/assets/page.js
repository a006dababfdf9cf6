// What all pages share: the data, text as it may be shown, elements, light and dark, downloads.
"use strict";
const grngc = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const LONGEST = 60; // characters of a name in a sentence or a table
  const at = (id) => document.getElementById(id);

  // Characters that do not show, or that turn the direction of others, as escapes; long names cut.
  const legible = (text, most = LONGEST) => {
    const letters = Array.from(text.slice(0, 2 * most + 2));
    const told = letters
      .slice(0, most)
      .map((c) => (/[\p{C}\p{Zl}\p{Zp}]/u.test(c) ? `\\u{${c.codePointAt(0).toString(16)}}` : c))
      .join("");
    const cut = letters.length > most ? `${told}…` : told;
    return cut.trim() === "" ? `“${cut}”` : cut;
  };

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
  const named = (text) => element("bdi", { title: text.length > LONGEST ? legible(text, 1000) : null }, legible(text));

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
    before = root.dataset.theme;
    wear("light");
  });
  window.addEventListener("afterprint", () => wear(before || "light"));

  // Names as `grngc export --to csv` writes them: an apostrophe wherever a cell would begin like a formula.
  const FORMULA = /(?<![^;\t|\r\n])(?=[\s"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]|')/g;
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
  return { data, at, legible, number, percent, element, svg, named, on, tell, colour, cellOf, download };
})();
