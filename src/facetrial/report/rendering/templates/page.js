"use strict";

/* Tables sort by a click on a header, and by its key; what is not known comes last. */
for (const table of document.querySelectorAll("table[data-sorts]")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => header.querySelector("button").addEventListener("click", () => {
    const up = header.getAttribute("aria-sort") !== "ascending";
    headers.forEach(other => other.setAttribute("aria-sort", "none"));
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const numeric = header.dataset.kind === "number";
    const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    const compare = ([x], [y]) => {
      if (x === "" || y === "") return (x === "") - (y === "");
      return (up ? 1 : -1) * (numeric ? x - y : x.localeCompare(y, undefined, { numeric: true }));
    };
    const rows = [...table.tBodies[0].rows].map(row => [key(row), row]);
    table.tBodies[0].append(...rows.sort(compare).map(([, row]) => row));
  }));
}

/* A filter keeps the rows that hold every word typed. */
for (const input of document.querySelectorAll("input[data-filters]")) {
  const rows = [...document.getElementById(input.dataset.filters).tBodies[0].rows];
  const texts = rows.map(row => [...row.cells].filter(cell => cell.matches(".text, th")).map(cell => cell.textContent).join(" ").toLowerCase());
  const count = input.closest(".filter").querySelector("output");
  const filter = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    rows.forEach((row, i) => { row.hidden = !words.every(word => texts[i].includes(word)); });
    const shown = rows.filter(row => !row.hidden).length;
    count.textContent = shown === rows.length ? `${rows.length} shown` : `${shown} of ${rows.length} shown`;
  };
  input.addEventListener("input", filter);
  filter();
}

/* Charts: plotly is unpacked once; a value "@tone" under a key of colour is looked up in the theme. */
const dark = matchMedia("(prefers-color-scheme: dark)");

function toned(value, key, theme) {
  if (Array.isArray(value)) return value.map(item => toned(item, key, theme));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toned(v, k, theme)]));
  if (typeof value !== "string" || value[0] !== "@" || !key.endsWith("color")) return value;
  const [tone, share] = value.slice(1).split("/");
  if (share === undefined) return theme[tone];
  return `rgba(${[1, 3, 5].map(at => parseInt(theme[tone].slice(at, at + 2), 16))}, ${share})`;
}

async function unpacked(id) {
  const letters = atob(document.getElementById(id).textContent);
  const packed = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) packed[i] = letters.charCodeAt(i);
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

async function drawCharts(plots) {
  const library = document.createElement("script");
  library.textContent = await unpacked("plotly");
  document.head.append(library);
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const settings = { responsive: true, displayModeBar: false, doubleClick: "reset" };
  const draw = (plot, theme) => {
    const { data, layout } = toned(JSON.parse(plot.nextElementSibling.textContent), "", themes[theme]);
    // Where a finger scrolls the page, it must not zoom the chart.
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
    return Plotly.react(plot, data, layout, settings);
  };
  const own = () => dark.matches ? "dark" : "light";
  for (const plot of plots) {
    await draw(plot, own());
    await new Promise(resolve => setTimeout(resolve));
  }
  dark.addEventListener("change", () => plots.forEach(plot => draw(plot, own())));
  addEventListener("beforeprint", () => plots.forEach(plot => draw(plot, "light")));
  addEventListener("afterprint", () => plots.forEach(plot => draw(plot, own())));
}

const plots = [...document.querySelectorAll(".chart")];
drawCharts(plots).catch(problem => {
  for (const plot of plots) plot.textContent ||= "This browser cannot draw the chart; it lies beside this page as PNG and SVG.";
  console.warn(problem);
}).finally(() => { document.documentElement.dataset.charts = plots.filter(plot => plot.querySelector("svg")).length; });
