// The rows of all groups in columns, in the order of their starts; texts are kept once.

const FLAG = {failed: 1, problem: 2, quiet: 4, reused: 8, reuseKnown: 16, byGo: 32, retry: 64};
const CLASS = {ok: 0, clientError: 1, failed: 2, neverSent: 3, incomplete: 4};
const CLASSES = [
  {key: 'ok', label: 'ok', glyph: '\u2713'},
  {key: 'client-error', label: '4xx', glyph: '\u25c7'},
  {key: 'failed', label: 'failed', glyph: '\u2715'},
  {key: 'never-sent', label: 'never sent', glyph: '\u2298'},
  {key: 'incomplete', label: 'incomplete', glyph: '\u2026'},
];
const PHASES = ['blocked', 'dns', 'connect', 'tls', 'send', 'wait', 'receive'];

const model = {texts: [null], groups: []};

function intern(known, value) {
  if (value === null) return 0;
  let n = known.get(value);
  if (n === undefined) {
    n = model.texts.length;
    model.texts.push(value);
    known.set(value, n);
  }
  return n;
}

function classOf(m, i) {
  const outcome = m.contents.outcomes[m.outcome[i]];
  if (outcome === 'dns_error' || outcome === 'connect_error' || outcome === 'tls_error') return CLASS.neverSent;
  if (m.flags[i] & FLAG.failed) return CLASS.failed;
  // Also an attempt that the client itself sent again: it did not end well, and nobody saw it fail.
  if (outcome !== 'ok') return CLASS.incomplete;
  return m.status[i] >= 400 && m.status[i] < 500 ? CLASS.clientError : CLASS.ok;
}

// Copies the column of each group to its rows' places.
function joinColumn(tables, places, name, kind, known) {
  const all = kind === 'i' ? new BigUint64Array(places.length)
    : kind === 't' ? new Uint32Array(places.length) : new Float64Array(places.length);
  let from = 0;
  for (const table of tables) {
    const column = table[name];
    if (kind === 't') {
      const mapped = table.mapped || (table.mapped = new Map());
      for (let i = 0; i < table.rows; i++) {
        let n = mapped.get(column[i]);
        if (n === undefined) mapped.set(column[i], n = intern(known, table.texts[column[i]]));
        all[places[from + i]] = n;
      }
    } else {
      for (let i = 0; i < table.rows; i++) all[places[from + i]] = column[i];
    }
    from += table.rows;
  }
  return all;
}

// Where each row goes, so that starts (or another column) ascend.
function placesBy(tables, name) {
  const count = tables.reduce((n, t) => n + t.rows, 0);
  const keys = new Float64Array(count);
  let at = 0;
  for (const t of tables) {
    keys.set(t[name], at);
    at += t.rows;
  }
  const order = new Uint32Array(count).map((_, i) => i);
  order.sort((a, b) => keys[a] - keys[b] || a - b);
  const places = new Uint32Array(count);
  order.forEach((row, place) => { places[row] = place; });
  return {places, order};
}

async function loadTables(groups, columns) {
  const tables = [];
  for (const [id] of groups) tables.push(readTable(await block(id), columns));
  return tables;
}

function joinRows(tables, known) {
  const {places, order} = placesBy(tables, 'start');
  for (const [name, kind] of model.contents.row_columns) model[name] = joinColumn(tables, places, name, kind, known);
  model.count = places.length;
  model.class = new Uint8Array(model.count);
  for (let i = 0; i < model.count; i++) model.class[i] = classOf(model, i);
  // Where a row stands in its group: for its details.
  model.origin = order;
  model.groups = [];
  let first = 0;
  for (const [id, rows] of model.contents.row_groups) {
    model.groups.push({id: 'd' + id.slice(1), first, rows});
    first += rows;
  }
}

function joinLanes(tables, known) {
  const {places} = placesBy(tables, 'first');
  const lanes = {count: places.length};
  for (const [name, kind] of model.contents.lane_columns) lanes[name] = joinColumn(tables, places, name, kind, known);
  model.lanes = lanes;
}

async function loadModel() {
  model.contents = JSON.parse(await textBlock('contents'));
  model.base = BigInt(model.contents.base_ns);
  model.first = Number(BigInt(model.contents.first_ns) - model.base);
  model.last = Number(BigInt(model.contents.last_ns) - model.base);
  model.summary = JSON.parse(await textBlock('summary'));
  model.hits = readHits(await block('hits'));
  const known = new Map();
  joinRows(await loadTables(model.contents.row_groups, model.contents.row_columns), known);
  joinLanes(await loadTables(model.contents.lane_groups, model.contents.lane_columns), known);
}

function textOf(column, i) {
  return model.texts[model[column][i]];
}

// The row with that id, or -1.
function findRow(idText) {
  if (!/^[0-9a-f]{1,16}$/i.test(idText)) return -1;
  const id = BigInt('0x' + idText);
  if (idText.length === 16) return model.id.indexOf(id);
  const shift = BigInt(4 * (16 - idText.length));
  return model.id.findIndex((v) => v >> shift === id);
}

function rowsOfIds(ids) {
  const wanted = new Set(ids);
  const rows = [];
  for (let i = 0; i < model.count; i++) if (wanted.has(model.id[i])) rows.push(i);
  return rows;
}

// ---- details, unpacked when they are asked for ----

function prefixSums(counts) {
  const sums = new Uint32Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) sums[i + 1] = sums[i] + counts[i];
  return sums;
}

const SAME_MOMENT = 32; // as that of the event before

async function detailGroup(group) {
  const bytes = await block(group.id);
  if (!bytes) return null;
  const t = readTable(bytes, model.contents.detail_columns);
  t.fileAt = prefixSums(t.files);
  t.eventAt = prefixSums(t.events);
  t.findingAt = prefixSums(t.findings);
  t.linkAt = prefixSums(t.links);
  t.momentAt = prefixSums(t.hook.map((code) => code & SAME_MOMENT ? 0 : 1));
  t.packetAt = prefixSums(t.event_packets);
  t.findingPacketAt = prefixSums(t.finding_packets);
  return t;
}

function packets(t, files, at, fileColumn, packetColumn, i) {
  const list = [];
  for (let k = at[i]; k < at[i + 1]; k++) list.push({file: files[t[fileColumn][k]] || '?', packet: t[packetColumn][k]});
  return list;
}

const BASES = ['observed', 'inferred', 'assumed'];

// The event's place among moments: several events may share one.
function momentOf(t, e) {
  return t.momentAt[e + 1] - 1;
}

function readEvents(t, r, start, files) {
  const events = [];
  // Times are differences in the row; the column has them summed up over the group.
  const first = t.momentAt[t.eventAt[r]], before = first > 0 ? t.time[first - 1] : 0;
  for (let e = t.eventAt[r]; e < t.eventAt[r + 1]; e++) {
    const code = t.hook[e], m = momentOf(t, e), at = t.time[m] - before;
    events.push({
      hook: model.contents.hooks[code & 31], basis: BASES[(code >> 6) & 3], at,
      earliest: code & 256 ? at - t.earliest[m] : null, latest: code & 512 ? at + t.latest[m] : null,
      args: t.args[e] ? JSON.parse(t.texts[t.args[e]]) : {},
      packets: packets(t, files, t.packetAt, 'packet_file', 'packet', m),
    });
  }
  return events;
}

const SEVERITIES = ['error', 'warning', 'info'];

// Everything of one row; null where the page does not have it.
async function detailOf(i) {
  const origin = model.origin[i];
  const group = model.groups.find((g) => origin < g.first + g.rows);
  if (!model.unpacked || model.unpacked.group !== group) model.unpacked = {group, table: detailGroup(group)};
  const t = await model.unpacked.table;
  if (!t) return null;
  const r = origin - group.first, texts = t.texts;
  const d = {files: []};
  for (let k = t.fileAt[r]; k < t.fileAt[r + 1]; k++) d.files.push(texts[t.file[k]]);
  for (const name of ['request_type', 'request_proto', 'response_type', 'response_proto', 'nat_server', 'nat_client',
    'proxy', 'vantage', 'tls_version', 'tls_cipher', 'tls_alpn', 'tls_name']) d[name] = texts[t[name][r]];
  for (const name of ['request_header', 'request_body', 'response_header', 'position', 'rtt', 'tls_flags'])
    d[name] = t[name][r];
  d.more = t.more[r] ? JSON.parse(texts[t.more[r]]) : {};
  d.events = readEvents(t, r, model.start[i], d.files);
  d.findings = [];
  for (let f = t.findingAt[r]; f < t.findingAt[r + 1]; f++) {
    d.findings.push({code: texts[t.code[f]], severity: SEVERITIES[t.severity[f]], text: texts[t.text[f]],
      packets: packets(t, d.files, t.findingPacketAt, 'finding_file', 'finding_packet', f)});
  }
  d.links = [];
  for (let k = t.linkAt[r]; k < t.linkAt[r + 1]; k++) d.links.push({relation: texts[t.relation[k]], id: hex(t.link[k])});
  return d;
}
