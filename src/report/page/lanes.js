// Connections as lanes over time: what each carried, how it opened and how it ended.

const LINES_MAX = 24;

const lanes = {rows: [], height: () => (narrow.matches ? 40 : 24)};

function laneOf() {
  const byConn = new Map();
  const m = model.lanes;
  for (let k = 0; k < m.count; k++) byConn.set(m.id[k], {lane: k, rows: [], first: m.first[k], last: m.first[k] + Math.max(0, m.last[k])});
  for (let i = 0; i < model.count; i++) {
    const conn = model.conn[i];
    if (!conn) continue;
    let lane = byConn.get(conn);
    if (!lane) byConn.set(conn, lane = {lane: -1, rows: [], first: model.start[i], last: model.start[i]});
    lane.rows.push(i);
    lane.conn = conn;
    const end = model.start[i] + Math.max(0, model.duration[i]);
    if (lane.lane < 0) {
      lane.first = Math.min(lane.first, model.start[i]);
      lane.last = Math.max(lane.last, end);
    }
  }
  for (const [conn, lane] of byConn) {
    lane.conn = conn;
    lane.server = lane.lane >= 0 ? m.server[lane.lane] : model.server[lane.rows[0]];
    lane.client = lane.lane >= 0 ? m.client[lane.lane] : model.client[lane.rows[0]];
  }
  return [...byConn.values()];
}

// Calls that never had a connection: a lane for each name that they asked for.
function lonelyLanes() {
  const byName = new Map();
  for (let i = 0; i < model.count; i++) {
    if (model.conn[i] || model.flags[i] & FLAG.quiet) continue;
    const end = model.start[i] + Math.max(0, model.duration[i]), lane = byName.get(model.host[i]);
    if (!lane) byName.set(model.host[i], {lane: -1, conn: 0, rows: [i], first: model.start[i], last: end, server: 0, client: 0});
    else {
      lane.rows.push(i);
      lane.last = Math.max(lane.last, end);
    }
  }
  return [...byName.values()];
}

// Those that carried what is to be seen; by server, then by time.
function visibleLanes() {
  const wanted = new Uint8Array(model.count);
  for (const i of visible) wanted[i] = 1;
  const from = filter.from === null ? -Infinity : filter.from, to = filter.to === null ? Infinity : filter.to;
  const unfiltered = isUnfiltered();
  const list = [];
  for (const lane of lanes.all) {
    if (lane.last < from || lane.first > to) continue;
    const rows = lane.rows.filter((i) => wanted[i]);
    if (rows.length > 0 || (unfiltered && lane.lane >= 0 && lane.rows.length === 0 && (filter.quiet || isAttempt(lane)))) addLane(list, lane, rows);
  }
  return list;
}

// Streams of one connection overlap: each gets a line of its own, the first that is free.
function addLane(list, lane, rows) {
  const ends = [], lines = [];
  for (const i of lane.conn ? rows : []) {
    let n = ends.findIndex((end) => end <= model.start[i]);
    if (n < 0) n = Math.min(ends.length, LINES_MAX - 1);
    ends[n] = Math.max(ends[n] || 0, model.start[i] + Math.max(0, model.duration[i]));
    (lines[n] = lines[n] || []).push(i);
  }
  if (lines.length < 2) list.push({...lane, shown: rows, line: 0});
  else lines.forEach((shown, line) => list.push({...lane, shown, line, all: rows.length}));
}

// A connection that never opened: worth to be seen though it carried nothing.
function isAttempt(lane) {
  const m = model.lanes;
  return m.syn[lane.lane] >= 0 && m.ack[lane.lane] < 0;
}

function laneSpan() {
  const from = filter.from === null ? chart.span.from : filter.from, to = filter.to === null ? chart.span.to : filter.to;
  return {from, to: to > from ? to : from + 1};
}

function laneLabel(lane) {
  const row = lane.shown[0];
  if (!lane.conn) return {main: textOf('host', row) || 'no name', sub: 'no connection'};
  return {main: model.texts[lane.server] || '?', sub: model.texts[lane.client] || ''};
}

function laneMarks(lane, x) {
  const k = lane.lane, m = model.lanes, marks = [];
  if (k < 0) return marks;
  const at = (name) => m.first[k] + m[name][k];
  const put = (name, kind, title) => {
    if (m[name][k] >= 0) marks.push(svg('g', {class: `end-mark ${kind}`}, endShape(kind, x(at(name))), svg('title', {}, `${title} at ${clock(at(name), 6)}`)));
  };
  if (m.syn[k] >= 0) marks.push(svg('rect', {class: 'dial', x: percent(x(at('syn'))), width: percent(Math.max(0.12, x(m.ack[k] >= 0 ? at('ack') : m.syn_ack[k] >= 0 ? at('syn_ack') : at('last_syn')) - x(at('syn')))), y: 9, height: 6}, svg('title', {}, `dialled at ${clock(at('syn'), 6)}${m.syns[k] > 1 ? `, ${m.syns[k]} SYNs` : ''}`)));
  if (m.syns[k] > 1) put('last_syn', 'again', 'SYN retransmitted');
  put('refused', 'rst', 'refused');
  put('icmp', 'rst', 'ICMP error');
  put('client_fin', 'fin', 'closed by the client');
  put('server_fin', 'fin', 'closed by the server');
  put('client_rst', 'rst', 'reset by the client');
  put('server_rst', 'rst', 'reset by the server');
  return marks;
}

function endShape(kind, at) {
  const p = percent(at);
  if (kind === 'fin') return [svg('line', {x1: p, x2: p, y1: 6, y2: 18})];
  if (kind === 'again') return [svg('circle', {cx: p, cy: 12, r: 2.5})];
  return [svg('svg', {x: p, y: 12, overflow: 'visible', width: 1, height: 1}, svg('path', {d: 'M-4 -4 L4 4 M4 -4 L-4 4'}))];
}

function laneBars(lane, x) {
  return lane.shown.slice(0, 400).map((i) => {
    const from = x(model.start[i]), to = x(model.start[i] + Math.max(0, model.duration[i]));
    const again = model.flags[i] & FLAG.retry;
    const bar = svg('rect', {class: `call ${CLASSES[model.class[i]].key} ${again ? 'retry' : ''}`, x: percent(from), width: percent(Math.max(0.18, to - from)), y: 7, height: 10, rx: 1},
      svg('title', {}, `${clock(model.start[i], 3)} ${titleOf(i).slice(0, 200)}: ${stateOf(i)}, ${duration(model.total[i])}${again ? ', a retry' : ''}`));
    bar.addEventListener('click', (e) => {
      e.stopPropagation();
      openRow(i);
    });
    return bar;
  });
}

function laneButton(lane) {
  if (lane.line > 0) return make('span', {class: 'lane-label'});
  const label = laneLabel(lane), count = lane.all || lane.shown.length;
  const what = count > 0 ? counted(count, 'exchange') : 'carried nothing';
  return button([make('span', {class: 'mono lane-main'}, label.main), make('span', {class: 'mono muted lane-sub'}, label.sub)],
    () => showRows(lane.conn ? {conn: lane.conn} : {query: textOf('host', lane.shown[0]) || ''}), {class: 'lane-label', title: `${what}; click to show in the table`});
}

function drawLane(n) {
  const lane = lanes.rows[n], span = laneSpan();
  const x = (t) => Math.min(100, Math.max(0, (t - span.from) / (span.to - span.from) * 100));
  const track = svg('svg', {class: 'lane-track', height: 24, 'aria-hidden': 'true'});
  const from = x(lane.first), to = x(lane.last), open = lane.lane >= 0 && model.lanes.flags[lane.lane] & 1;
  if (lane.conn && lane.line === 0) track.append(svg('rect', {class: `life ${open ? 'open' : ''}`, x: percent(from), width: percent(Math.max(0.1, to - from)), y: 11, height: 2}));
  track.append(...laneBars(lane, x));
  if (lane.line === 0) track.append(...laneMarks(lane, x));
  return make('li', {class: `lane ${lane.line > 0 ? 'more' : ''}`}, laneButton(lane), track);
}

function drawLanes() {
  lanes.rows = visibleLanes();
  byId('lane-list').style.height = `${Math.min(Math.max(lanes.rows.length, 1) * lanes.height() + 2, 480)}px`;
  lanes.list.setCount(lanes.rows.length);
  const c = model.contents;
  const count = lanes.rows.filter((l) => l.conn && l.line === 0).length;
  byId('lane-count').textContent = `${counted(count, 'connection')}${c.lanes < c.connections ? `; the page holds the ends of ${grouped(c.lanes)} of ${grouped(c.connections)}` : ''}`;
  const span = laneSpan();
  byId('lane-axis').replaceChildren(...[0, 0.25, 0.5, 0.75, 1].map((s) => make('span', {}, clock(span.from + s * (span.to - span.from), 3))));
}

// First what had no connection, then by server, those with most failures first; of a server by time.
function sortLanes() {
  const failures = new Map();
  for (const lane of lanes.all)
    for (const i of lane.rows) if (model.flags[i] & FLAG.failed) failures.set(lane.server, (failures.get(lane.server) || 0) + 1);
  const rank = (lane) => (lane.conn ? failures.get(lane.server) || 0 : Infinity), name = (lane) => model.texts[lane.server] || '';
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  lanes.all.sort((a, b) => compare(rank(b), rank(a)) || compare(name(a), name(b)) || a.first - b.first);
}

function buildLanes() {
  lanes.all = [...laneOf(), ...lonelyLanes()];
  sortLanes();
  const list = make('div', {id: 'lane-list', class: 'lane-list', role: 'region', tabindex: '0', 'aria-label': 'Connections over time'});
  byId('lanes').append(make('div', {class: 'lane-axis', id: 'lane-axis', 'aria-hidden': 'true'}), list);
  lanes.list = new VirtualList(list, make('ul', {class: 'space'}), lanes.height, drawLane);
  byId('lane-legend').replaceChildren(
    make('span', {class: 'key'}, svg('svg', {width: 16, height: 12, 'aria-hidden': 'true'}, svg('rect', {class: 'dial', x: 0, y: 3, width: 16, height: 6})), 'dial'),
    make('span', {class: 'key'}, svg('svg', {width: 16, height: 12, 'aria-hidden': 'true'}, svg('rect', {class: 'call ok', x: 0, y: 1, width: 16, height: 10})), 'exchange'),
    make('span', {class: 'key'}, svg('svg', {width: 16, height: 12, 'aria-hidden': 'true'}, svg('rect', {class: 'call ok retry', x: 1, y: 1, width: 14, height: 10})), 'retry'),
    make('span', {class: 'key'}, '| closed'), make('span', {class: 'key'}, '\u00d7 reset, refused'));
}
