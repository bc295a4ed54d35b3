// The points of the page: what the history holds of each, its numbers as the text that stands there.
const held = JSON.parse(document.getElementById("data").textContent);
const WORDS = { p: "pass", r: "regression", i: "inconclusive", m: "improvement", n: "no condition" };
const GLYPHS = { p: "✓", r: "✗", i: "?", m: "▲", n: "–" };
const ENDINGS = { failure: "failed", timeout: "ran out of time", missed: "did not run" };
const known = new Map();

function repeated(pairs) {
  return pairs.flatMap(([value, count]) => Array(count).fill(value));
}

function pointsOf(number) {
  if (!known.has(number)) known.set(number, decoded(held.metrics[number]));
  return known.get(number);
}

function decoded(metric) {
  const runs = metric.runs.flatMap(([first, count]) => Array.from({ length: count }, (_, place) => first + place));
  const lower = repeated(metric.lower);
  const upper = repeated(metric.upper);
  const inclusive = repeated(metric.inclusive);
  const wrong = new Set(metric.wrong);
  return runs.map((place, index) => {
    const [run, start, status, commit] = held.tests[metric.test][place];
    const letter = metric.verdicts[index];
    return {
      run, start, status, commit, letter, value: metric.values[index], lower: lower[index], upper: upper[index],
      inclusive: inclusive[index] === "true", wrong: wrong.has(index), well: status === "success",
    };
  });
}

function allowed(point) {
  const equal = point.inclusive ? "=" : "";
  if (point.lower !== null && point.upper !== null) {
    return point.lower === point.upper ? `= ${point.lower}` : `${point.lower} to ${point.upper}`;
  }
  if (point.lower !== null) return `>${equal} ${point.lower}`;
  return point.upper === null ? "—" : `<${equal} ${point.upper}`;
}

function verdict(point) {
  if (!point.well) return `× the job ${ENDINGS[point.status]}`;
  const doubt = point.letter === "i" && point.wrong ? ", to be confirmed" : "";
  return `${GLYPHS[point.letter]} ${WORDS[point.letter]}${doubt}`;
}

function two(number) {
  return String(number).padStart(2, "0");
}

function day(moment) {
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

function time(seconds) {
  const moment = new Date(seconds * 1000);
  return `${day(moment)} ${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// What is known of a point, each with its short name: the value first.
function told(point) {
  const facts = [["verdict", verdict(point)], ["allowed", allowed(point)], ["run", point.run]];
  if (point.commit !== null) facts.push(["commit", point.commit]);
  return [...facts, ["started", time(point.start)]];
}

function tableOf(points) {
  const table = element("table");
  const head = table.createTHead().insertRow();
  for (const [title, kind] of [["run"], ["started"], ["value", "number"], ["allowed"], ["verdict"], ["commit"]]) {
    const cell = element("th", title, kind);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (let place = points.length - 1; place >= 0; place -= 1) {
    const point = points[place];
    const row = body.insertRow();
    row.tabIndex = -1;
    row.dataset.place = place;
    const name = element("th", point.run, "id");
    name.scope = "row";
    const started = element("time", time(point.start));
    started.dateTime = new Date(point.start * 1000).toISOString();
    const cell = element("td");
    cell.append(started);
    const judged = element("td", verdict(point), point.wrong ? "bad" : "");
    row.append(name, cell, element("td", point.value, "number"), element("td", allowed(point)), judged);
    row.append(element("td", point.commit ?? "—", "id"));
  }
  return table;
}

// The course of a metric, for who does not see its plot.
function course(name, points, marks) {
  const numbers = points.map((point) => Number(point.value));
  const least = points[numbers.indexOf(Math.min(...numbers))].value;
  const greatest = points[numbers.indexOf(Math.max(...numbers))].value;
  const last = points[points.length - 1];
  const wrong = points.filter((point) => point.wrong).length;
  return [
    `${name} in ${points.length} run${points.length === 1 ? "" : "s"}, ${time(points[0].start)} to ${time(last.start)}`,
    `last ${last.value}, lowest ${least}, highest ${greatest}, allowed ${allowed(last)}`,
    `${wrong || "no"} run${wrong === 1 ? "" : "s"} out of bounds`,
    ...marks.map(([place, , words]) => `${words} at run ${points[place].run}`),
  ].join("; ");
}
