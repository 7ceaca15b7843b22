"use strict";
// Everything that stands in the page is set as text: names come from source code that nobody has vetted.
const data = JSON.parse(document.getElementById("data").textContent);

function element(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// -- the map: `times` says how many of a module there are in the folds around it, its own included

function children(tile) {
  const inside = tile.node.children.map(node => ({ node, times: tile.times * node.times }));
  const rest = tile.node.total - tile.node.children.reduce((sum, node) => sum + node.total * node.times, 0);
  if (inside.length && rest > 0) {
    const own = { name: "own parameters", kind: "", total: rest, times: 1, exact: true, children: [] };
    inside.push({ node: own, times: tile.times });
  }
  return inside.filter(one => area(one) > 0).sort((one, other) => area(other) - area(one));
}

function area(tile) { return tile.node.total * tile.times; }

function count(tile) { return (tile.node.exact ? "" : "≥ ") + area(tile).toLocaleString("en-US"); }

function label(tile) { return tile.node.name + (tile.node.times > 1 ? ` ×${tile.node.times}` : ""); }

function hue(text) {
  let sum = 7;
  for (const character of text) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
}

// Squarified: Bruls, Huizing, van Wijk, "Squarified Treemaps" (2000).
function layout(tiles, box) {
  const placed = [];
  let rest = tiles.slice();
  let { left, top, width, height } = box;
  let whole = tiles.reduce((sum, tile) => sum + area(tile), 0);
  while (rest.length && width > 0 && height > 0) {
    const scale = width * height / whole;
    const side = Math.min(width, height);
    let row = [], best = Infinity, sum = 0;
    for (const tile of rest) {
      const grown = sum + area(tile);
      const thick = grown * scale / side;
      const worst = Math.max(...[...row, tile].map(one => {
        const long = area(one) * scale / thick;
        return Math.max(thick / long, long / thick);
      }));
      if (row.length && worst > best) break;
      row.push(tile); best = worst; sum = grown;
    }
    const thick = sum * scale / side;
    let along = 0;
    for (const tile of row) {
      const long = area(tile) * scale / thick;
      placed.push({ tile, box: width >= height
        ? { left, top: top + along, width: thick, height: long }
        : { left: left + along, top, width: long, height: thick } });
      along += long;
    }
    if (width >= height) { left += thick; width -= thick; } else { top += thick; height -= thick; }
    whole -= sum;
    rest = rest.slice(row.length);
  }
  return placed;
}

function put(made, box, tile) {
  for (const side of ["left", "top", "width", "height"]) made.style[side] = `${box[side]}px`;
  made.style.setProperty("--hue", hue(tile.node.kind || tile.node.name));
  return made;
}

const HEAD = 42;  // pixels: two lines of words above what is inside
let trail = [];

function draw() {
  const map = document.getElementById("map");
  const current = trail[trail.length - 1];
  map.replaceChildren();
  const size = { left: 0, top: 0, width: map.clientWidth, height: map.clientHeight };
  for (const { tile, box } of layout(children(current), size)) {
    const words = `${label(tile)} ${tile.node.kind} ${count(tile)}`;
    const made = put(element("button", "", { class: "tile", type: "button", title: words, "aria-label": words }), box, tile);
    if (box.width > 40 && box.height > 22) made.append(element("span", `${label(tile)} ${tile.node.kind}`));
    if (box.width > 40 && box.height > HEAD) made.append(element("span", count(tile), { class: "count" }));
    const inside = { left: 3, top: HEAD, width: box.width - 8, height: box.height - HEAD - 5 };
    if (inside.width > 30 && inside.height > 20) {
      for (const one of layout(children(tile), inside)) {
        const inner = put(element("div", "", { class: "tile", "aria-hidden": "true" }), one.box, one.tile);
        if (one.box.width > 50 && one.box.height > 18) inner.append(element("span", label(one.tile)));
        made.append(inner);
      }
    }
    made.disabled = !children(tile).length;
    made.addEventListener("click", () => { trail.push(tile); draw(); focusTrail(); });
    map.append(made);
  }
  const steps = document.getElementById("trail");
  steps.replaceChildren(...trail.map((tile, index) => {
    const step = element("button", index ? `${label(tile)} ${count(tile)}` : label(tile), { type: "button" });
    if (tile === current) step.setAttribute("aria-current", "true");
    step.addEventListener("click", () => { trail = trail.slice(0, index + 1); draw(); focusTrail(); });
    return step;
  }));
}

function focusTrail() { document.querySelector("#trail [aria-current]").focus({ preventScroll: true }); }

// -- the tables: `sort` is what a column is sorted by where that is not what it shows

function table(holder, columns, rows, start) {
  let sorted = { column: columns[0], down: true }, shown = rows;
  const made = element("table", ""), head = element("tr", ""), body = element("tbody", "");
  const headers = columns.map(column => {
    const header = element("th", "", { scope: "col", ...(column.sort ? { class: "number" } : {}) });
    const button = element("button", column.title, { type: "button" });
    button.addEventListener("click", () => {
      sorted = { column, down: sorted.column === column ? !sorted.down : Boolean(column.sort) };
      fill();
    });
    header.append(button);
    return header;
  });
  function fill() {
    const key = row => sorted.column.sort ? row[sorted.column.sort] : row[sorted.column.key];
    const order = (one, other) => (key(one) > key(other)) - (key(one) < key(other));
    const lines = shown.slice().sort((one, other) => sorted.down ? order(other, one) : order(one, other));
    headers.forEach((header, index) => {
      if (columns[index] !== sorted.column) header.removeAttribute("aria-sort");
      else header.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
    });
    body.replaceChildren(...lines.map(row => {
      const line = element("tr", "", row.over ? { class: "over" } : {});
      line.append(...columns.map(column => foldable(element("td", row[column.key],
        { "data-label": column.title, ...(column.sort ? { class: "number" } : {}) }))));
      return line;
    }));
  }
  head.append(...headers);
  const top = element("thead", "");
  top.append(head);
  made.append(top, body);
  document.getElementById(holder).append(made);
  fill();
  return { filter(words) { shown = rows.filter(row => matches(row, words)); fill(); } };
}

// Paths and names may be folded between their parts: nets/|vision_|transformer.py, Fast|Head.|__init__
function foldable(cell) {
  const parts = cell.textContent.split(/(?<=\/|\((?!\))|\.(?!py)|[^_]_(?=[^_])|[a-z](?=[A-Z]))/);
  cell.replaceChildren(...parts.flatMap((part, index) => index ? [element("wbr", ""), part] : [part]));
  return cell;
}

function matches(row, words) {
  const text = Object.values(row).join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every(word => text.includes(word));
}

const parameters = { title: "Parameters", key: "parameters", sort: "at_least" };
table("models", [
  parameters, { title: "Model", key: "title" }, { title: "Kind", key: "kind" }, { title: "Place", key: "place" },
  { title: "Not known", key: "unknown" },
], data.models);
const layers = table("layers", [
  parameters, { title: "Share", key: "share", sort: "at_least" }, { title: "Layer", key: "name" },
  { title: "Arithmetic", key: "arithmetic" }, { title: "Place", key: "place" }, { title: "In", key: "scope" },
  { title: "Built by", key: "built_by" }, { title: "Not known", key: "unknown" },
], data.layers);
document.getElementById("filter").addEventListener("input", event => layers.filter(event.target.value.trim()));
document.getElementById("summary").textContent = data.summary;
document.getElementById("over").textContent = data.over;
document.getElementById("over").hidden = !data.over;
if (data.errors.length) {
  const failures = document.getElementById("failures");
  failures.hidden = false;
  failures.querySelector("ul").append(...data.errors.map(error => element("li", error)));
}
const whole = data.models.map(model => model.tree);
const total = whole.reduce((sum, node) => sum + node.total, 0);
trail = [{ node: { name: "all models", kind: "", total, times: 1, exact: true, children: whole }, times: 1 }];
draw();
window.addEventListener("resize", draw);
