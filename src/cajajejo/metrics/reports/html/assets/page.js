// The page around the plots: times where it is read, its theme, what is found, and paper.
for (const shown of document.querySelectorAll("time[datetime]")) {
  shown.textContent = time(Date.parse(shown.dateTime) / 1000);
}

const root = document.documentElement;
const button = document.getElementById("theme");
const darkness = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : darkness.matches;
}

function nameTheme() {
  button.textContent = isDark() ? "Light" : "Dark";
  button.setAttribute("aria-label", `${button.textContent} theme`);
  redraw();
}

button.hidden = false;
button.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
darkness.addEventListener("change", nameTheme);
nameTheme();

const find = document.getElementById("find");
if (find) {
  find.closest("p").hidden = false;
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const metric of document.querySelectorAll(".metric")) {
      metric.hidden = !metric.querySelector(".name").textContent.toLowerCase().includes(wanted);
    }
    for (const others of document.querySelectorAll(".others")) {
      if (wanted) others.open = true;
    }
  });
}

// A link to a test shows its metrics, too.
function openTarget() {
  const test = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  const others = test && test.querySelector(".others");
  if (others && !test.querySelector(".trouble")) others.open = true;
}

addEventListener("hashchange", openTarget);
openTarget();

// On paper: light, as wide as a sheet, and of what is in trouble every point.
const PAPER = 680;
let before = null;

function toPaper() {
  if (before) return;
  before = { theme: root.dataset.theme, opened: [] };
  root.dataset.theme = "light";
  root.dataset.printing = "1";
  for (const box of boxes) {
    const closed = box.closest("details:not([open])");
    if (closed) continue;
    prepareOnce(box);
    draw(box, PAPER);
    drawn.get(box).u.setSize({ width: PAPER, height: drawn.get(box).u.height });
  }
  for (const details of document.querySelectorAll(".trouble .points:not([open])")) {
    fill(details);
    details.open = true;
    before.opened.push(details);
  }
  redraw();
}

function fromPaper() {
  if (!before) return;
  delete root.dataset.printing;
  if (before.theme) root.dataset.theme = before.theme;
  else delete root.dataset.theme;
  for (const details of before.opened) details.open = false;
  before = null;
  for (const [box, plot] of drawn) {
    if (box.clientWidth) plot.u.setSize({ width: box.clientWidth, height: plot.u.height });
  }
  redraw();
}

addEventListener("beforeprint", toPaper);
addEventListener("afterprint", fromPaper);
