for (const table of document.querySelectorAll("table[data-sorts]")) {
  const headers = [...table.tHead.rows[0].cells];
  headers.forEach((header, column) => header.querySelector("button").addEventListener("click", () => {
    const up = header.getAttribute("aria-sort") !== "ascending";
    headers.forEach(other => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = row => { const cell = row.cells[column]; return "value" in cell.dataset ? cell.dataset.value : cell.textContent.trim(); };
    const numeric = header.dataset.kind === "number";
    const compare = (a, b) => {
      const x = key(a), y = key(b);
      if (x === "" || y === "") return (x === "") - (y === "");
      return (up ? 1 : -1) * (numeric ? Number(x) - Number(y) : x.localeCompare(y));
    };
    const body = table.tBodies[0];
    body.append(...[...body.rows].sort(compare));
  }));
}

const dark = matchMedia("(prefers-color-scheme: dark)");

function toned(value, key, theme) {
  if (Array.isArray(value)) return value.map(item => toned(item, key, theme));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, toned(v, k, theme)]));
  if (typeof value !== "string" || value[0] !== "@" || !key.toLowerCase().includes("color")) return value;
  const [tone, share] = value.slice(1).split("/");
  if (share === undefined) return theme[tone];
  const channels = [1, 3, 5].map(at => parseInt(theme[tone].slice(at, at + 2), 16));
  return `rgba(${channels}, ${share})`;
}

async function unpacked(id) {
  const packed = Uint8Array.from(atob(document.getElementById(id).textContent), letter => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

async function drawCharts() {
  const plots = [...document.querySelectorAll(".plot")];
  if (!plots.length) return;
  const library = document.createElement("script");
  library.textContent = await unpacked("plotly");
  document.head.append(library);
  const themes = JSON.parse(document.getElementById("themes").textContent);
  const settings = { responsive: true, displayModeBar: false };
  const draw = plot => {
    const chart = JSON.parse(plot.nextElementSibling.textContent);
    const { data, layout } = toned(chart, "", themes[dark.matches ? "dark" : "light"]);
    if (matchMedia("(pointer: coarse)").matches) layout.dragmode = false;
    return Plotly.react(plot, data, layout, settings);
  };
  for (const plot of plots) {
    await draw(plot);
    await new Promise(resolve => setTimeout(resolve));
  }
  dark.addEventListener("change", () => plots.forEach(draw));
  document.documentElement.dataset.drawn = plots.length;
}

drawCharts().catch(problem => {
  for (const plot of document.querySelectorAll(".plot")) plot.textContent = "This browser cannot draw the chart; it lies beside this page as PNG and SVG.";
  console.warn(problem);
});
