// Calls over time: how many by outcome, and how long each took. Dragging over it chooses a time.

const chart = {left: 52, right: 12, barsTop: 20, barsHeight: 84, gap: 32, dotsHeight: 150, bottom: 22};

function chartSpan() {
  let from = model.first, to = model.last;
  for (let i = 0; i < model.count; i++) {
    if (model.start[i] < from && from - model.start[i] < 3.6e12) from = model.start[i];
  }
  if (!(to > from)) to = from + 1e6;
  return {from, to};
}

// A round step that gives about n of them in the span.
function niceStep(span, n) {
  const raw = span / n, power = 10 ** Math.floor(Math.log10(raw));
  for (const m of [1, 2, 5, 10]) if (m * power >= raw) return m * power;
  return 10 * power;
}

function binCounts(bins, rows) {
  const counts = CLASSES.map(() => new Uint32Array(bins));
  const {from, to} = chart.span;
  for (const i of rows) {
    const b = Math.floor((model.start[i] - from) / (to - from) * bins);
    if (b >= 0 && b <= bins) counts[model.class[i]][Math.min(b, bins - 1)]++;
  }
  return counts;
}

// All calls, when the table lacks some and nothing is filtered: the page carries their counts.
function wholeCounts(bins) {
  const b = model.contents.bins, {from, to} = chart.span;
  const counts = CLASSES.map(() => new Uint32Array(bins));
  const width = Number(b.width_ns), first = Number(BigInt(b.first_ns) - model.base);
  for (let k = 0; k < b.counts.length; k++) {
    const at = first + Math.floor(k / CLASSES.length) * width + width / 2;
    const n = Math.min(bins - 1, Math.max(0, Math.floor((at - from) / (to - from) * bins)));
    counts[k % CLASSES.length][n] += b.counts[k];
  }
  return counts;
}

function xOf(ns) {
  const {from, to} = chart.span;
  return chart.left + (ns - from) / (to - from) * (chart.width - chart.left - chart.right);
}

function timeAt(x) {
  const {from, to} = chart.span;
  const share = (x - chart.left) / (chart.width - chart.left - chart.right);
  return from + Math.min(1, Math.max(0, share)) * (to - from);
}

function prepareCanvas(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.height = `${height}px`;
  const g = canvas.getContext('2d');
  g.scale(ratio, ratio);
  g.font = `11px ${getComputedStyle(document.body).fontFamily}`;
  return g;
}

function drawBars(g, counts, bins) {
  const sums = counts[0].map((_, b) => counts.reduce((n, c) => n + c[b], 0));
  const most = sums.reduce((a, b) => Math.max(a, b), 1);
  const plot = chart.width - chart.left - chart.right, step = plot / bins, base = chart.barsTop + chart.barsHeight;
  g.fillStyle = color('muted');
  g.strokeStyle = color('line');
  g.textAlign = 'right';
  g.textBaseline = 'middle';
  for (const v of most > 1 ? [0, most] : [0, 1]) {
    const y = base - v / most * chart.barsHeight;
    line(g, chart.left, y, chart.width - chart.right, y);
    g.fillText(grouped(v), chart.left - 6, y);
  }
  // What went well stands at the bottom; each part that is there is to be seen.
  [CLASS.ok, CLASS.clientError, CLASS.incomplete, CLASS.neverSent, CLASS.failed].reduce((below, c) => {
    g.fillStyle = color(CLASSES[c].key);
    for (let b = 0; b < bins; b++) {
      if (counts[c][b] === 0) continue;
      const h = Math.max(1.5, counts[c][b] / most * chart.barsHeight);
      g.fillRect(chart.left + b * step, base - below[b] - h, Math.max(1, step - (step > 4 ? 1 : 0)), h);
      below[b] += h;
    }
    return below;
  }, new Float64Array(bins));
  return sums;
}

function line(g, x1, y1, x2, y2) {
  g.beginPath();
  g.moveTo(x1, Math.round(y1) + 0.5);
  g.lineTo(x2, Math.round(y2) + 0.5);
  g.stroke();
}

function durationScale(rows) {
  let low = Infinity, high = 0;
  for (const i of rows) {
    const v = model.total[i];
    if (v <= 0) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (high === 0) return {low: 1e5, high: 1e7};
  const from = 10 ** Math.floor(Math.log10(Math.max(low, 1000))), to = 10 ** Math.ceil(Math.log10(high * 1.02));
  return {low: from, high: Math.max(to, from * 10)};
}

function drawDots(g, rows) {
  const top = chart.barsTop + chart.barsHeight + chart.gap, base = top + chart.dotsHeight;
  const scale = durationScale(rows), decades = Math.log10(scale.high / scale.low);
  const yOf = (ns) => base - Math.log10(Math.max(ns, scale.low) / scale.low) / decades * chart.dotsHeight;
  g.fillStyle = color('muted');
  g.strokeStyle = color('line');
  g.textAlign = 'right';
  for (let v = scale.low; v <= scale.high * 1.01; v *= 10) {
    line(g, chart.left, yOf(v), chart.width - chart.right, yOf(v));
    g.fillText(v < 1e6 ? `${v / 1e3} \u00b5s` : v < 1e9 ? `${v / 1e6} ms` : `${v / 1e9} s`, chart.left - 6, yOf(v));
  }
  const size = rows.length > 20000 ? 1.6 : rows.length > 2000 ? 2.4 : 3.6;
  for (const c of [CLASS.ok, CLASS.clientError, CLASS.incomplete, CLASS.neverSent, CLASS.failed]) {
    g.fillStyle = color(CLASSES[c].key);
    g.globalAlpha = c === CLASS.ok && rows.length > 500 ? 0.55 : 0.9;
    const drawn = new Uint8Array((chart.width + 1) * (base + 1)); // one mark a pixel is enough
    for (const i of rows) {
      if (model.class[i] !== c) continue;
      const x = xOf(model.start[i]), y = yOf(model.total[i]);
      if (x < chart.left - 1 || x > chart.width) continue;
      const pixel = Math.floor(x) + Math.floor(y) * chart.width;
      if (drawn[pixel]) continue;
      drawn[pixel] = 1;
      drawMark(g, c, x, y, size);
    }
  }
  g.globalAlpha = 1;
  chart.yOf = yOf;
}

// Failed ones are told by shape, too.
function drawMark(g, c, x, y, size) {
  if (c === CLASS.failed || c === CLASS.neverSent) {
    g.beginPath();
    const r = size + 0.6;
    if (c === CLASS.failed) {
      g.moveTo(x, y - r);
      g.lineTo(x + r, y + r * 0.8);
      g.lineTo(x - r, y + r * 0.8);
    } else {
      g.moveTo(x, y - r);
      g.lineTo(x + r, y);
      g.lineTo(x, y + r);
      g.lineTo(x - r, y);
    }
    g.fill();
  } else {
    g.fillRect(x - size / 2, y - size / 2, size, size);
  }
}

// Steps of a clock.
const CLOCK_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400];

function clockStep(span, n) {
  if (span / n <= 5e8) return niceStep(span, n);
  return 1e9 * (CLOCK_STEPS.find((step) => step * 1e9 * n >= span) || Math.ceil(span / n / 8.64e13) * 86400);
}

// Moments at which a clock shows round times.
function clockTicks(from, to, step) {
  const past = Number(model.base % BigInt(step)), ticks = [];
  for (let t = Math.ceil((from + past) / step) * step - past; t <= to; t += step) ticks.push(t);
  return ticks;
}

function drawTimeAxis(g, y) {
  const {from, to} = chart.span;
  const step = Math.max(1, Math.round(clockStep(to - from, Math.max(2, Math.floor(chart.width / 110)))));
  g.fillStyle = color('muted');
  g.textAlign = 'center';
  g.textBaseline = 'alphabetic';
  const digits = step >= 1e9 ? 0 : step >= 1e8 ? 1 : step >= 1e6 ? 3 : 6;
  for (const t of clockTicks(from, to, step)) {
    const x = xOf(t);
    if (x > chart.left + 8 && x < chart.width - 28) g.fillText(clock(t, digits), x, y);
  }
}

function drawBrush(g, height) {
  if (filter.from === null && filter.to === null) return;
  const a = xOf(filter.from === null ? chart.span.from : filter.from), b = xOf(filter.to === null ? chart.span.to : filter.to);
  g.fillStyle = color('veil');
  g.fillRect(chart.left, 0, Math.max(0, a - chart.left), height);
  g.fillRect(b, 0, Math.max(0, chart.width - chart.right - b), height);
  g.fillStyle = color('accent');
  g.fillRect(a - 1, 0, 2, height);
  g.fillRect(b - 1, 0, 2, height);
}

// The rows that fit all but the time.
function chartRows() {
  const {from, to} = filter;
  if (from === null && to === null) return visible;
  Object.assign(filter, {from: null, to: null});
  const rows = matching();
  Object.assign(filter, {from, to});
  return rows;
}

function isUnfiltered() {
  return !activeFilters().some(([, change]) => !('from' in change)) && !filter.query && filter.classes.size === 0 && filter.kind < 0 && filter.slower < 0;
}

function drawChart() {
  const box = byId('chart'), canvas = chart.canvas;
  chart.width = box.clientWidth;
  const height = chart.barsTop + chart.barsHeight + chart.gap + chart.dotsHeight + chart.bottom;
  const g = prepareCanvas(canvas, chart.width, height);
  const bins = Math.max(20, Math.min(240, Math.floor((chart.width - chart.left) / 6)));
  const rows = chartRows();
  const whole = isUnfiltered() && model.contents.rows < model.contents.exchanges;
  const sums = drawBars(g, whole ? wholeCounts(bins) : binCounts(bins, rows), bins);
  drawDots(g, rows);
  g.fillStyle = color('muted');
  g.textAlign = 'left';
  g.fillText(`calls per ${duration((chart.span.to - chart.span.from) / bins)}`, chart.left, 8);
  g.fillText('duration', chart.left, chart.barsTop + chart.barsHeight + chart.gap - 12);
  drawTimeAxis(g, height - 6);
  drawBrush(g, height - chart.bottom + 4);
  canvas.setAttribute('aria-label', `Calls over time, from ${clock(chart.span.from, 3)} to ${clock(chart.span.to, 3)}: ${counted(rows.length, 'call')}, ` +
    `at most ${grouped(Math.max(...sums))} per ${duration((chart.span.to - chart.span.from) / bins)}; the dots below show how long each took.`);
  drawRange();
}

function drawRange() {
  const say = (id, ns) => {
    if (document.activeElement !== byId(id)) byId(id).value = ns === null ? '' : ((ns - model.first) / 1e9).toFixed(3);
  };
  say('from', filter.from);
  say('to', filter.to);
  byId('range-clear').disabled = filter.from === null && filter.to === null;
}

function nearestDot(x, y) {
  let best = -1, distance = 64;
  for (const i of visible) {
    const dx = xOf(model.start[i]) - x;
    if (dx * dx > distance) continue;
    const dy = chart.yOf(model.total[i]) - y;
    if (dx * dx + dy * dy < distance) {
      distance = dx * dx + dy * dy;
      best = i;
    }
  }
  return best;
}

function followPointer(canvas) {
  let begun = null;
  const place = (e) => e.clientX - canvas.getBoundingClientRect().left;
  canvas.addEventListener('pointerdown', (e) => {
    begun = place(e);
    canvas.setPointerCapture(e.pointerId);
  });
  canvas.addEventListener('pointermove', (e) => {
    const x = place(e), y = e.clientY - canvas.getBoundingClientRect().top;
    if (begun !== null && Math.abs(x - begun) > 4) {
      Object.assign(filter, {from: timeAt(Math.min(x, begun)), to: timeAt(Math.max(x, begun))});
      drawChart();
    } else if (begun === null && visible.length <= 50000) {
      const dot = nearestDot(x, y);
      canvas.title = dot < 0 ? '' : shown(`${clock(model.start[dot], 3)} ${titleOf(dot)}: ${stateOf(dot)}, ${duration(model.total[dot])}`);
      canvas.style.cursor = dot < 0 ? 'crosshair' : 'pointer';
    }
  });
  canvas.addEventListener('pointerup', (e) => {
    const x = place(e), y = e.clientY - canvas.getBoundingClientRect().top;
    if (begun !== null && Math.abs(x - begun) > 4) applyFilter();
    else if (nearestDot(x, y) >= 0) openRow(nearestDot(x, y));
    else if (filter.from !== null || filter.to !== null) changeFilter({from: null, to: null});
    begun = null;
  });
}

function buildChart() {
  chart.span = chartSpan();
  chart.canvas = make('canvas', {role: 'img'});
  byId('chart').append(chart.canvas);
  byId('legend').replaceChildren(...CLASSES.map((c) => make('span', {class: 'key'}, make('span', {class: `mark ${c.key}`, 'aria-hidden': 'true'}, c.glyph), c.label)));
  followPointer(chart.canvas);
  const read = (id) => {
    const v = parseFloat(byId(id).value.replace(',', '.'));
    return Number.isNaN(v) ? null : model.first + v * 1e9;
  };
  byId('range').addEventListener('submit', (e) => e.preventDefault());
  for (const id of ['from', 'to']) byId(id).addEventListener('change', () => changeFilter({from: read('from'), to: read('to')}));
  byId('range-clear').addEventListener('click', () => {
    byId('from').value = byId('to').value = '';
    changeFilter({from: null, to: null});
  });
  new ResizeObserver(() => { if (byId('chart').clientWidth !== chart.width) drawChart(); }).observe(byId('chart'));
}
