// The plots: drawn when they come into sight, read with the pointer, a finger or the keys.
const drawn = new Map();
const said = document.getElementById("said");

function draw(box, width = box.clientWidth) {
  if (drawn.has(box) || !width) return;
  const metric = held.metrics[box.dataset.metric];
  const points = pointsOf(box.dataset.metric);
  const bounds = points.flatMap((point) => [point.lower, point.upper]).filter((text) => text !== null).map(Number);
  const raw = points.map((point) => Number(point.value));
  const shrink = shrinkBy([...raw, ...bounds]);
  const values = raw.map((value) => value * shrink);
  const [low, high] = extent(values, bounds.map((bound) => bound * shrink));
  const { found, step } = ticks(low, high, 4);
  const labels = found.map((tick) => label(tick / shrink, step / shrink));
  const font = "12px system-ui, sans-serif";
  const soft = () => colours().soft;
  const plot = {
    points, values, tip: element("div", undefined, "tip"), by: "",
  };
  plot.tip.hidden = true;
  plot.tip.setAttribute("aria-hidden", "true");
  plot.u = new uPlot({
    width, height: box.clientHeight || 216, padding: [24, 16, 0, 0],
    legend: { show: false },
    cursor: {
      y: false, drag: { x: false, y: false, setScale: false }, points: { size: 14, width: 1.5, fill: "transparent", stroke: () => colours().ink },
    },
    scales: { x: { time: false, range: () => [-0.5, points.length - 0.5] }, y: { range: () => [low, high] } },
    axes: [
      {
        stroke: soft, font, size: 30, gap: 6, grid: { show: false }, ticks: { show: false },
        splits: (u) => dates(points, u.bbox.width / uPlot.pxRatio),
        values: (_, places) => places.map((place) => dateLabel(points, place)),
      },
      {
        stroke: soft, font, size: 14 + 7 * Math.max(2, ...labels.map((text) => text.length)), gap: 8, grid: { stroke: () => colours().line, width: 1 }, ticks: { show: false },
        incrs: [Math.max(high - low, 5)], // uPlot draws no axis where none of its own fits; the ticks are ours
        splits: () => found,
        values: () => labels,
      },
    ],
    series: [{}, { stroke: () => colours().accent, width: 1.5, points: { show: false }, spanGaps: true }],
    hooks: {
      drawClear: [(u) => drawAllowed(u, points, shrink)],
      draw: [(u) => { drawCommits(u, points); drawMarks(u, metric.marks); drawPoints(u, points, shrink); }],
      setCursor: [() => show(box, plot)],
    },
  }, [points.map((_, place) => place), values.map((value, place) => (points[place].well ? value : null))], box);
  box.append(plot.tip);
  drawn.set(box, plot);
}

// What is under the cursor, beside it.
function show(box, plot) {
  const place = plot.u ? plot.u.cursor.idx : null;
  const { tip } = plot;
  tip.hidden = place === null || place === undefined || plot.u.cursor.left < 0;
  if (tip.hidden) return;
  const point = plot.points[place];
  const facts = element("dl");
  for (const [name, text] of told(point)) {
    facts.append(element("dt", name), element("dd", text, name === "run" || name === "commit" ? "id" : ""));
  }
  tip.replaceChildren(element("b", point.value), facts);
  const left = plot.u.valToPos(place, "x") + plot.u.bbox.left / uPlot.pxRatio;
  const room = box.clientWidth - tip.offsetWidth;
  const beside = left > box.clientWidth / 2 ? left - tip.offsetWidth - 14 : left + 14;
  tip.style.left = `${Math.max(0, Math.min(beside, room))}px`;
}

function goTo(box, place) {
  const plot = drawn.get(box);
  plot.place = place;
  plot.u.setCursor({ left: plot.u.valToPos(place, "x"), top: plot.u.valToPos(plot.values[place], "y") });
  const point = plot.points[place];
  said.textContent = [point.value, ...told(point).map(([name, text]) => `${name} ${text}`)].join(", ");
}

function putAway(box) {
  const plot = drawn.get(box);
  if (!plot) return;
  plot.place = undefined;
  plot.u.setCursor({ left: -10, top: -10 });
  said.textContent = "";
}

function onKey(event) {
  const box = event.currentTarget;
  if (event.target !== box || event.altKey || event.ctrlKey || event.metaKey) return;
  draw(box);
  const { points, place } = drawn.get(box);
  const last = points.length - 1;
  const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
  if (event.key in steps) goTo(box, place === undefined ? last : Math.max(0, Math.min(last, place + steps[event.key])));
  else if (event.key === "Home") goTo(box, 0);
  else if (event.key === "End") goTo(box, last);
  else if (event.key === "Enter") openAt(box, place === undefined ? last : place);
  else if (event.key === "Escape") putAway(box);
  else return;
  event.preventDefault();
}

// The run of a point in the table below its plot.
function openAt(box, place) {
  const details = box.nextElementSibling;
  details.open = true;
  fill(details);
  details.querySelector(`tr[data-place="${place}"]`).focus();
}

function fill(details) {
  const room = details.querySelector(".wide");
  if (!room.firstChild) room.append(tableOf(pointsOf(details.dataset.metric)));
}

function redraw() {
  for (const plot of drawn.values()) plot.u.redraw(false);
}

function prepare(box) {
  const metric = held.metrics[box.dataset.metric];
  const points = pointsOf(box.dataset.metric);
  const count = points.length;
  box.setAttribute("aria-label", course(metric.name, points, metric.marks));
  const details = element("details", undefined, "points");
  const room = element("div", undefined, "wide");
  details.dataset.metric = box.dataset.metric;
  details.append(element("summary", `${count.toLocaleString("en")} point${count === 1 ? "" : "s"} as a table`), room);
  details.addEventListener("toggle", () => { if (details.open) fill(details); });
  details.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    details.open = false;
    box.focus();
  });
  box.after(details);
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", () => putAway(box));
  box.addEventListener("pointerdown", (event) => { if (event.pointerType === "touch") follow(box, event); });
  box.addEventListener("pointermove", (event) => { if (event.pointerType === "touch") follow(box, event); });
}

function follow(box, event) {
  const plot = drawn.get(box);
  if (!plot) return;
  const over = plot.u.over.getBoundingClientRect();
  plot.u.setCursor({ left: event.clientX - over.left, top: event.clientY - over.top });
}

const boxes = [...document.querySelectorAll(".plot")];
const sight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    sight.unobserve(entry.target);
    prepareOnce(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "400px" });
const sizes = new ResizeObserver((entries) => {
  for (const entry of entries) {
    const plot = drawn.get(entry.target);
    const width = Math.floor(entry.contentRect.width);
    if (plot && width && width !== plot.u.width && !document.documentElement.dataset.printing) {
      plot.u.setSize({ width, height: plot.u.height });
    }
  }
});
const prepared = new Set();

function prepareOnce(box) {
  if (prepared.has(box)) return;
  prepared.add(box);
  prepare(box);
  sizes.observe(box);
}

for (const box of boxes) {
  box.tabIndex = 0;
  box.setAttribute("role", "application");
  box.setAttribute("aria-roledescription", "plot");
  box.addEventListener("focus", () => { prepareOnce(box); draw(box); });
  sight.observe(box);
}
