// Charts are drawn one after the other, once the page is there, in its colours.
const specs = JSON.parse(document.getElementById("charts").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
function draw(place) {
  const ink = getComputedStyle(document.body).color;
  const line = dark.matches ? "#3a3f47" : "#d7dade";
  const text = { labelColor: ink, titleColor: ink, labelFontSize: 12, titleFontSize: 13 };
  const config = {
    axis: { ...text, gridColor: line, domainColor: line, tickColor: line },
    legend: { ...text, labelLimit: 240 }, header: text, title: { color: ink, fontSize: 13 },
    text: { fontSize: 12 }, view: { stroke: null }, font: "system-ui, sans-serif",
  };
  return vegaEmbed(place, specs[place.dataset.chart], { actions: false, config, renderer: "svg" })
    .catch((error) => { place.textContent = String(error); });
}
const places = [...document.querySelectorAll(".chart")];
async function drawAll() {
  for (const place of places) await draw(place);
}
requestAnimationFrame(() => setTimeout(drawAll));
dark.addEventListener("change", drawAll);

// The table sorts by a click on a heading and shows the rows that hold every word of the filter.
const table = document.getElementById("methods");
const body = table.tBodies[0];
const headings = [...table.tHead.rows[0].cells];
const key = (row, column) => {
  const cell = row.cells[column];
  const value = cell.dataset.sort ?? cell.textContent;
  return value !== "" && !isNaN(value) ? Number(value) : value;
};
headings.forEach((heading, column) => heading.firstChild.addEventListener("click", () => {
  const down = heading.getAttribute("aria-sort") === "ascending";
  headings.forEach((other) => other.removeAttribute("aria-sort"));
  heading.setAttribute("aria-sort", down ? "descending" : "ascending");
  const sign = down ? -1 : 1;
  [...body.rows]
    .map((row) => [key(row, column), row])
    .sort(([a], [b]) => {
      if (a === "" || b === "") return (a === "") - (b === "");  // empty ones last, either way
      return sign * (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b)));
    })
    .forEach(([, row]) => body.append(row));
}));
const filter = document.getElementById("filter");
function show() {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const row of body.rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    count += !row.hidden;
  }
  document.getElementById("shown").textContent = `${count} of ${body.rows.length} rows`;
}
filter.addEventListener("input", show);
show();
