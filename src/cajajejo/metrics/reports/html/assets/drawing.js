// What is drawn in a plot besides its line: what is allowed, what was out of it, and where the level moved.
function colours() {
  const style = getComputedStyle(document.documentElement);
  const found = {};
  for (const name of ["paper", "ink", "soft", "line", "accent", "bad", "doubt", "good", "band"]) {
    found[name] = style.getPropertyValue(`--${name}`).trim();
  }
  return found;
}

// Numbers as they can be drawn: all near the end of what a number can be are made smaller, and named as they are.
function shrinkBy(numbers) {
  return numbers.some((number) => Math.abs(number) > 1e300) ? 1 / 64 : 1;
}

// The least and the greatest of what is shown. Bounds far away would flatten the line: they are left out of sight.
function extent(values, bounds) {
  let low = Math.min(...values);
  let high = Math.max(...values);
  const reach = high > low ? (high - low) * 4 : Infinity;
  for (const bound of bounds) {
    if (bound < low && low - bound <= reach) low = bound;
    if (bound > high && bound - high <= reach) high = bound;
  }
  const size = Math.max(Math.abs(low), Math.abs(high));
  let room = (high - low) * 0.08;
  if (!(high - low > size * 1e-12) || room < 1e-300) room = size > 1e-290 ? size * 0.05 : 1;
  return [low - room, high + room];
}

function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough) || rough;
  const first = Math.ceil(low / step);
  const found = [];
  for (let place = 0; place <= most; place += 1) {
    const tick = (first + place) * step;
    if (tick <= high) found.push(tick);
  }
  return { found, step };
}

function label(number, step) {
  if (number === 0) return "0";
  const size = Math.abs(number);
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (size >= 1e6 || decimals > 6) return number.toExponential(Math.abs(step / number) < 0.01 ? 3 : 1);
  return number.toFixed(decimals);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The places of runs that have a day written below them.
function dates(points, width) {
  const every = Math.max(1, Math.ceil(points.length / Math.max(1, Math.floor(width / 84))));
  const found = [];
  for (let place = points.length - 1; place >= 0; place -= every) found.unshift(place);
  return found;
}

function dateLabel(points, place) {
  const moment = new Date(points[place].start * 1000);
  if (points[points.length - 1].start - points[0].start < 2 * 86400) {
    return `${two(moment.getHours())}:${two(moment.getMinutes())}`;
  }
  return `${moment.getDate()} ${MONTHS[moment.getMonth()]}`;
}

function drawAllowed(u, points, shrink) {
  const { ctx, bbox } = u;
  const paint = colours();
  const bottom = bbox.top + bbox.height;
  const at = (text) => Math.min(bottom, Math.max(bbox.top, u.valToPos(Number(text) * shrink, "y", true)));
  const inside = (text) => {
    const position = u.valToPos(Number(text) * shrink, "y", true);
    return position >= bbox.top && position <= bottom;
  };
  ctx.save();
  ctx.lineWidth = uPlot.pxRatio;
  points.forEach((point, place) => {
    if (point.lower === null && point.upper === null) return;
    const left = Math.round(u.valToPos(place - 0.5, "x", true));
    const right = Math.round(u.valToPos(place + 0.5, "x", true));
    const top = point.upper === null ? bbox.top : at(point.upper);
    const low = point.lower === null ? bottom : at(point.lower);
    ctx.fillStyle = paint.band;
    ctx.fillRect(left, top, right - left, low - top);
    ctx.fillStyle = paint.soft;
    for (const bound of [point.lower, point.upper]) {
      if (bound !== null && inside(bound)) ctx.fillRect(left, at(bound) - uPlot.pxRatio / 2, right - left, uPlot.pxRatio);
    }
  });
  ctx.restore();
}

function drawMarks(u, marks) {
  const { ctx, bbox } = u;
  const paint = colours();
  const ratio = uPlot.pxRatio;
  let free = -Infinity;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "bottom";
  for (const [place, kind, words] of marks) {
    const x = Math.round(u.valToPos(place - 0.5, "x", true));
    ctx.strokeStyle = kind === "accepted" ? paint.good : paint.ink;
    ctx.fillStyle = ctx.strokeStyle;
    ctx.lineWidth = ratio;
    ctx.setLineDash(kind === "accepted" ? [] : [2 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top - 4 * ratio);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const width = ctx.measureText(words).width;
    const left = Math.max(bbox.left, Math.min(x - width / 2, bbox.left + bbox.width - width));
    if (left > free) {
      ctx.fillText(words, left, bbox.top - 6 * ratio);
      free = left + width + 8 * ratio;
    }
  }
  ctx.restore();
}

function drawCommits(u, points) {
  const { ctx, bbox } = u;
  const bottom = bbox.top + bbox.height;
  ctx.save();
  ctx.fillStyle = colours().soft;
  points.forEach((point, place) => {
    if (!place || point.commit === points[place - 1].commit) return;
    const x = Math.round(u.valToPos(place - 0.5, "x", true));
    ctx.fillRect(x, bottom - 5 * uPlot.pxRatio, uPlot.pxRatio, 5 * uPlot.pxRatio);
  });
  ctx.restore();
}

// The shape says what a point is, the colour says it again.
function drawPoints(u, points, shrink) {
  const { ctx } = u;
  const paint = colours();
  const ratio = uPlot.pxRatio;
  const crowded = points.length > u.width / 5;
  ctx.save();
  ctx.lineWidth = 1.5 * ratio;
  points.forEach((point, place) => {
    const x = u.valToPos(place, "x", true);
    const y = u.valToPos(Number(point.value) * shrink, "y", true);
    ctx.beginPath();
    if (!point.well) {
      const arm = 3 * ratio;
      ctx.strokeStyle = paint.soft;
      ctx.moveTo(x - arm, y - arm);
      ctx.lineTo(x + arm, y + arm);
      ctx.moveTo(x + arm, y - arm);
      ctx.lineTo(x - arm, y + arm);
      ctx.stroke();
    } else if (point.wrong) {
      const arm = 5.5 * ratio;
      ctx.fillStyle = paint.bad;
      ctx.strokeStyle = paint.paper;
      ctx.moveTo(x - arm, y - arm * 0.7);
      ctx.lineTo(x + arm, y - arm * 0.7);
      ctx.lineTo(x, y + arm);
      ctx.closePath();
      ctx.fill();
      ctx.stroke();
    } else if (point.letter === "i") {
      if (crowded) return;
      ctx.arc(x, y, 3 * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = paint.paper;
      ctx.strokeStyle = paint.doubt;
      ctx.fill();
      ctx.stroke();
    } else if (!crowded || points.length === 1) {
      ctx.arc(x, y, 2.5 * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = paint.accent;
      ctx.fill();
    }
  });
  ctx.restore();
}
