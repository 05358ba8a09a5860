// One exchange's hooks over time. A proven moment is a line, an inferred one a band from its earliest to its latest moment, and
// where nothing bounds it the band runs out.

const SPANS = [
  ['DNSStart', 'DNSDone', 'dns'], ['ConnectStart', 'ConnectDone', 'connect'], ['TLSHandshakeStart', 'TLSHandshakeDone', 'tls'],
  ['GotConn', 'WroteRequest', 'send'], ['WroteRequest', 'GotFirstResponseByte', 'wait'],
];

function spanOf(events, n, end) {
  const e = events[n];
  if (e.hook === 'GotFirstResponseByte') return {phase: 'receive', from: e.at, to: end};
  const rule = SPANS.find(([from]) => from === e.hook);
  if (!rule) return null;
  for (let k = n + 1; k < events.length; k++) {
    if (events[k].hook !== rule[1]) continue;
    if (rule[1] === 'ConnectDone' && events[k].args.addr !== e.args.addr) continue;
    return {phase: rule[2], from: e.at, to: events[k].at, failed: Boolean(events[k].args.err || events[k].args.Err)};
  }
  return e.hook === 'WroteRequest' || e.hook === 'ConnectStart' || e.hook === 'DNSStart'
    ? {phase: rule[2], from: e.at, to: end, open: true} : null;
}

function plotSpan(events, end) {
  let from = 0, to = Math.max(end, 1);
  for (const e of events) {
    from = Math.min(from, e.at, e.earliest === null ? e.at : e.earliest);
    to = Math.max(to, e.at, e.latest === null ? e.at : e.latest);
  }
  // A bound that lies far outside would flatten all else: its band is cut there.
  const width = Math.max(end, ...events.map((e) => e.at), 1);
  return {from: Math.max(from, -width * 0.06), to: Math.min(to, width * 1.06)};
}

function scaleOf(span, logarithmic) {
  const width = span.to - span.from;
  if (!logarithmic) return (t) => Math.min(100, Math.max(0, (t - span.from) / width * 100));
  const unit = Math.max(1000, width / 1e4), log = (t) => Math.sign(t) * Math.log1p(Math.abs(t) / unit);
  const low = log(span.from), high = log(span.to);
  return (t) => Math.min(100, Math.max(0, (log(t) - low) / (high - low) * 100));
}

function percent(v) {
  return `${v.toFixed(3)}%`;
}

function bandOf(e, x) {
  const from = e.earliest === null ? 0 : x(e.earliest), to = e.latest === null ? 100 : x(e.latest);
  const parts = [svg('rect', {class: 'band', x: percent(from), width: percent(Math.max(0.15, to - from)), y: 5, height: 12})];
  if (e.earliest === null) parts.push(svg('rect', {class: 'fade', x: percent(from), width: percent(Math.min(6, to - from)), y: 5, height: 12}));
  if (e.latest === null) parts.push(svg('rect', {class: 'fade', x: percent(Math.max(from, to - 6)), width: '6%', y: 5, height: 12}));
  return parts;
}

function markOf(e, x) {
  const at = percent(x(e.at));
  if (e.basis === 'observed') return [svg('line', {class: 'moment', x1: at, x2: at, y1: 2, y2: 20})];
  return [...bandOf(e, x), svg('line', {class: 'guess', x1: at, x2: at, y1: 5, y2: 17})];
}

function trackOf(e, span, x, ticks) {
  const track = svg('svg', {class: 'track', height: 22, 'aria-hidden': 'true'}, ticks.map((t) => svg('line', {class: 'tick', x1: percent(x(t)), x2: percent(x(t)), y1: 0, y2: '100%'})));
  if (span && span.to > span.from) {
    const from = x(span.from), to = x(span.to);
    track.append(svg('rect', {class: `span phase-${span.phase} ${span.failed ? 'lost' : ''} ${span.open ? 'open' : ''}`, x: percent(from), width: percent(Math.max(0.2, to - from)), y: 8, height: 6, rx: 1}));
  }
  track.append(...markOf(e, x));
  return track;
}

function argText(hook, args) {
  const parts = [];
  for (const [name, value] of Object.entries(args)) {
    if (value === null || (value === false && name !== 'Reused')) continue;
    if (hook === 'WroteHeaderField') continue;
    if (name === 'network' || name === 'rcode' || name === 'client') continue;
    if (Array.isArray(value)) parts.push(value.join(', '));
    else if (typeof value === 'object') parts.push(Object.keys(value).join(', '));
    else if (name === 'Reused') parts.push(value ? 'reused' : 'new');
    else if (name === 'IdleTime') parts.push(value > 0 ? `idle ${duration(value)}` : '');
    else if (typeof value === 'boolean') parts.push(value ? name : '');
    else if (name === 'syns') parts.push(value > 1 ? `${value} SYNs` : '');
    else if (name === 'queries') parts.push(value > 1 ? `${value} queries` : '');
    else if (name === 'server') parts.push(`by ${value}`);
    else if (name.toLowerCase() === 'err') parts.push(make('span', {class: 'bad-text'}, value));
    else if (name === 'LocalAddr' || name === 'Version' || name === 'CipherSuite') continue;
    else parts.push(String(value));
  }
  return parts.filter((p) => p !== '').flatMap((p, i) => (i ? [', ', p] : [p]));
}

function packetText(list) {
  return list.map((p) => `#${p.packet}`).join(' ');
}

const MARKS = {observed: '', inferred: '~', assumed: '?'};
const BASIS_WORDS = {observed: 'a packet proves it', inferred: 'inferred from the packets around it', assumed: 'assumed: nothing on the wire bounds it on one side'};

function boundsText(e) {
  if (e.basis === 'observed' && e.earliest === e.at && e.latest === e.at) return BASIS_WORDS.observed;
  const side = (v, sign) => (v === null ? 'no bound' : `${sign}${milliseconds(Math.abs(v - e.at))} ms`);
  return `${BASIS_WORDS[e.basis]}; earliest ${side(e.earliest, '\u2212')}, latest ${side(e.latest, '+')}`;
}

// Header fields are one row: they stand at one moment.
function waterfallRows(events) {
  const rows = [];
  events.forEach((e, n) => {
    const last = rows[rows.length - 1];
    if (e.hook === 'WroteHeaderField' && last && last.e.hook === e.hook && last.e.at === e.at) last.fields.push(e);
    else rows.push({e, n, fields: e.hook === 'WroteHeaderField' ? [e] : []});
  });
  return rows;
}

function waterfallRow(row, events, end, x, ticks) {
  const {e, fields} = row, span = spanOf(events, row.n, end);
  const lost = span && span.failed;
  const what = fields.length > 0 ? `${counted(fields.length, 'field')}: ${fields.map((f) => f.args.key).join(', ')}` : argText(e.hook, e.args);
  return make('li', {class: `event ${e.basis} ${lost ? 'lost' : ''}`, title: boundsText(e)},
    make('span', {class: 'at'}, make('span', {class: 'basis'}, MARKS[e.basis]), milliseconds(e.at)),
    make('span', {class: 'hook'}, e.hook), trackOf(e, span, x, ticks),
    make('span', {class: 'packets mono'}, packetText(e.packets)), make('span', {class: 'args'}, what, span && span.to > span.from ? make('span', {class: 'length'}, ` ${duration(span.to - span.from)}${span.open ? ', until the end' : ''}`) : null));
}

function axisTicks(span, logarithmic) {
  if (!logarithmic) {
    const step = niceStep(span.to - span.from, 5), ticks = [];
    for (let t = Math.ceil(span.from / step) * step; t <= span.to; t += step) ticks.push(t);
    return ticks;
  }
  const ticks = [0];
  for (let t = 1e3; t <= span.to; t *= 10) if (t > (span.to - span.from) / 1e4) ticks.push(t);
  return ticks;
}

// Of labels that would run into each other, that of the longer time stays.
function labelled(ticks, x) {
  let right = Infinity;
  return ticks.slice().reverse().filter((t) => {
    const clear = right - x(t) >= 16;
    if (clear) right = x(t);
    return clear;
  });
}

function axisRow(ticks, x) {
  const track = svg('svg', {class: 'track axis', height: 16, 'aria-hidden': 'true'}, labelled(ticks, x).map((t) => {
    const at = x(t);
    return svg('text', {x: percent(at), y: 12, 'text-anchor': at < 5 ? 'start' : at > 92 ? 'end' : 'middle'}, t === 0 ? '0' : duration(t).replace(/\.?0+ /, ' '));
  }));
  return make('li', {class: 'event axis-row', 'aria-hidden': 'true'}, make('span', {class: 'at'}), make('span', {class: 'hook'}), track, make('span', {class: 'packets'}), make('span', {class: 'args'}));
}

function waterfall(d, i) {
  const end = Math.max(model.duration[i], model.total[i], 0);
  const list = make('ol', {class: 'waterfall', 'aria-label': 'Events in order'});
  const key = make('p', {class: 'legend'}, make('span', {class: 'key'}, svg('svg', {width: 18, height: 14, 'aria-hidden': 'true'}, svg('line', {class: 'moment', x1: 9, x2: 9, y1: 0, y2: 14})), 'proven'),
    make('span', {class: 'key'}, svg('svg', {width: 22, height: 14, 'aria-hidden': 'true'}, svg('rect', {class: 'band', x: 1, width: 20, y: 1, height: 12}), svg('line', {class: 'guess', x1: 11, x2: 11, y1: 1, y2: 13})), '~ inferred, in this range'),
    make('span', {class: 'key'}, '? assumed, one side open'));
  const draw = (logarithmic) => {
    const span = plotSpan(d.events, end), x = scaleOf(span, logarithmic), ticks = axisTicks(span, logarithmic);
    list.replaceChildren(axisRow(ticks, x), ...waterfallRows(d.events).map((row) => waterfallRow(row, d.events, end, x, ticks)),
      make('li', {class: 'event end', title: 'the end'}, make('span', {class: 'at'}, milliseconds(model.duration[i])), make('span', {class: 'hook'}, '(end)'),
        svg('svg', {class: 'track', height: 22, 'aria-hidden': 'true'}, svg('line', {class: 'moment', x1: percent(x(end)), x2: percent(x(end)), y1: 2, y2: 20})), make('span', {class: 'packets'}), make('span', {class: 'args'}, endText(d, i))));
  };
  const scales = ['linear', 'logarithmic'].map((name, n) => button(name, (e) => {
    for (const b of scales) b.setAttribute('aria-pressed', b === e.currentTarget);
    draw(n === 1);
  }, {class: 'plain'}));
  const crowded = isCrowded(d.events, end);
  scales.forEach((b, n) => b.setAttribute('aria-pressed', (n === 1) === crowded));
  draw(crowded);
  return [make('div', {class: 'section-head'}, make('h3', {}, 'Timeline'), key, make('span', {class: 'actions', role: 'group', 'aria-label': 'Time scale'}, scales)), list];
}

// Most of it happened in a small part of the time: on a linear scale nothing of that would be told apart.
function isCrowded(events, end) {
  const early = events.filter((e) => e.at < end * 0.04).length;
  return early > 3 && early > events.length * 0.5;
}

function endText(d, i) {
  const parts = [stateOf(i)];
  if (model.bytes[i] >= 0) parts.push(`body ${bytesText(model.bytes[i])}`);
  if (d.response_type) parts.push(d.response_type);
  return parts.join(', ');
}
