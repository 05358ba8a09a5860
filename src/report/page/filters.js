// Which rows are wanted, and in which order.

const filter = {query: '', classes: new Set(), server: 0, address: 0, client: '', kind: -1, slower: -1, from: null, to: null,
  cause: -1, rest: false, conn: 0, quiet: false};
const order = {column: 'start', down: false};
let visible = new Uint32Array(0);
const listeners = [];

function whenFiltered(listener) {
  listeners.push(listener);
}

// Which of the texts hold the word.
function textsWith(word) {
  const found = new Uint8Array(model.texts.length);
  for (let i = 1; i < found.length; i++) {
    if (model.lower[i] === undefined) model.lower[i] = model.texts[i].toLowerCase();
    found[i] = model.lower[i].includes(word) ? 1 : 0;
  }
  return found;
}

function wordTest(word) {
  if (/^[1-5]xx$/.test(word)) return (i) => Math.floor(model.status[i] / 100) === Number(word[0]);
  const found = textsWith(word);
  const status = /^[1-5]\d\d$/.test(word) ? Number(word) : -1;
  const ids = /^[0-9a-f]{6,16}$/.test(word);
  const columns = [model.url, model.host, model.method, model.server, model.client, model.error, model.finding, model.trace];
  return (i) => {
    for (const column of columns) if (found[column[i]]) return true;
    return model.status[i] === status || (ids && hex(model.id[i]).startsWith(word));
  };
}

function tests() {
  const list = [];
  const f = filter;
  if (!f.quiet) list.push((i) => !(model.flags[i] & FLAG.quiet));
  if (f.classes.size > 0) list.push((i) => f.classes.has(model.class[i]));
  if (f.server) list.push((i) => model.server[i] === f.server);
  if (f.conn) list.push((i) => model.conn[i] === f.conn);
  if (f.client) list.push((i) => model.clientAddress[model.client[i]] === f.client);
  if (f.kind >= 0) list.push((i) => model.kind[i] === f.kind);
  if (f.slower >= 0) list.push((i) => model.total[i] > f.slower);
  if (f.from !== null) list.push((i) => model.start[i] + Math.max(0, model.total[i]) >= f.from);
  if (f.to !== null) list.push((i) => model.start[i] <= f.to);
  if (f.cause >= 0) {
    const hit = new Uint8Array(model.count);
    for (const i of causeRows(f.cause)) hit[i] = 1;
    list.push((i) => hit[i] === 1);
  }
  if (f.rest) {
    const left = new Uint8Array(model.count);
    for (const i of restRows()) left[i] = 1;
    list.push((i) => left[i] === 1);
  }
  for (const word of f.query.toLowerCase().split(/\s+/)) if (word) list.push(wordTest(word));
  return list;
}

// What failed and is of no cause.
function restRows() {
  if (model.restRows) return model.restRows;
  const told = new Set();
  for (const ids of model.hits) for (const id of ids) told.add(id);
  model.restRows = [];
  for (let i = 0; i < model.count; i++) if ((model.flags[i] & (FLAG.failed | FLAG.quiet)) === FLAG.failed && !told.has(model.id[i])) model.restRows.push(i);
  return model.restRows;
}

function causeRows(n) {
  model.causeRows = model.causeRows || [];
  return model.causeRows[n] || (model.causeRows[n] = rowsOfIds(model.hits[n] || []));
}

function matching() {
  const all = tests();
  const out = new Uint32Array(model.count);
  let n = 0;
  for (let i = 0; i < model.count; i++) {
    let keep = true;
    for (let k = 0; keep && k < all.length; k++) keep = all[k](i);
    if (keep) out[n++] = i;
  }
  return out.subarray(0, n);
}

// Texts of a column in their order, so that rows compare as numbers.
function ranks(column) {
  const used = [...new Set(model[column])];
  used.sort((a, b) => {
    const x = model.texts[a] || '', y = model.texts[b] || '';
    return x < y ? -1 : x > y ? 1 : 0;
  });
  const rank = new Float64Array(model.texts.length);
  used.forEach((n, i) => { rank[n] = i; });
  return rank;
}

function sortKeys(column) {
  model.keys = model.keys || {};
  if (model.keys[column]) return model.keys[column];
  const texts = model.contents.row_columns.some(([name, kind]) => name === column && kind === 't');
  if (!texts) return column === 'state' ? (model.keys.state = stateKeys()) : model[column];
  const rank = ranks(column);
  return (model.keys[column] = Float64Array.from(model[column], (n) => rank[n]));
}

// What went worst first, then by status.
function stateKeys() {
  const weight = [4, 3, 1, 0, 2];
  return Float64Array.from(model.class, (c, i) => weight[c] * 1000 + model.status[i]);
}

function applyFilter() {
  visible = matching();
  if (order.column !== 'start' || order.down) {
    const keys = sortKeys(order.column), sign = order.down ? -1 : 1;
    visible.sort((a, b) => sign * (keys[a] - keys[b]) || a - b);
  }
  for (const listener of listeners) listener();
}

function changeFilter(change) {
  Object.assign(filter, change);
  applyFilter();
}

function sortBy(column) {
  order.down = order.column === column ? !order.down : column === 'total' || column === 'bytes';
  order.column = column;
  applyFilter();
}

const noFilter = {query: '', server: 0, client: '', kind: -1, slower: -1, from: null, to: null, cause: -1, rest: false, conn: 0};

function clearFilter() {
  filter.classes.clear();
  changeFilter({...noFilter});
}

// What is filtered by, each with how to take it away again.
function activeFilters() {
  const list = [];
  const f = filter;
  if (f.cause >= 0) list.push([`cause ${f.cause + 1}: ${model.summary.causes[f.cause].text}`, {cause: -1}]);
  if (f.rest) list.push([model.summary.causes.length > 0 ? 'failed for no cause found here' : 'failed', {rest: false}]);
  if (f.server) list.push([`server ${model.texts[f.server]}`, {server: 0}]);
  if (f.client) list.push([`client ${f.client}`, {client: ''}]);
  if (f.conn) list.push([`connection ${model.texts[f.conn]}`, {conn: 0}]);
  if (f.from !== null || f.to !== null) list.push([`time ${rangeText()}`, {from: null, to: null}]);
  return list;
}

function rangeText() {
  const from = filter.from === null ? model.first : filter.from, to = filter.to === null ? model.last : filter.to;
  return `${clock(from, 3)} \u2013 ${clock(to, 3)}`;
}

// ---- the controls above the table ----

function buildFilters() {
  const search = make('input', {type: 'search', id: 'search', placeholder: 'Search URL, host, address, error, status, id', 'aria-label': 'Search exchanges', autocomplete: 'off', spellcheck: 'false',
    oninput: (e) => changeFilter({query: e.target.value})});
  const classes = make('div', {class: 'segmented', role: 'group', 'aria-label': 'Outcome'});
  const counts = new Array(CLASSES.length).fill(0);
  for (let i = 0; i < model.count; i++) if (!(model.flags[i] & FLAG.quiet)) counts[model.class[i]]++;
  CLASSES.forEach((c, n) => {
    if (counts[n] === 0) return;
    classes.append(button([make('span', {class: `mark ${c.key}`, 'aria-hidden': 'true'}, c.glyph), `${c.label} `, make('b', {}, grouped(counts[n]))], (e) => {
      if (filter.classes.has(n)) filter.classes.delete(n);
      else filter.classes.add(n);
      e.currentTarget.setAttribute('aria-pressed', filter.classes.has(n));
      applyFilter();
    }, {'aria-pressed': 'false', 'data-class': n}));
  });
  const kind = select('Kind', [['-1', 'any kind'], ...model.contents.kinds.map((k, n) => [n, k])], (v) => changeFilter({kind: Number(v)}));
  const slower = select('Slower than', [['-1', 'any duration'], [1e7, '> 10 ms'], [1e8, '> 100 ms'], [5e8, '> 500 ms'], [1e9, '> 1 s'], [5e9, '> 5 s'], [3e10, '> 30 s']],
    (v) => changeFilter({slower: Number(v)}));
  const parts = [search, classes, kind, slower];
  if (model.flags.some((f) => f & FLAG.quiet))
    parts.push(make('label', {class: 'check', title: 'Lookups and connections that led to no request, and did not fail'},
      make('input', {type: 'checkbox', onchange: (e) => changeFilter({quiet: e.target.checked})}), 'include quiet ones'));
  byId('filters').replaceChildren(...parts);
}

function select(label, options, action) {
  return make('select', {'aria-label': label, onchange: (e) => action(e.target.value)},
    options.map(([value, name]) => make('option', {value: String(value)}, name)));
}

function drawFilters() {
  const chips = activeFilters().map(([label, change]) =>
    button([make('span', {class: 'chip-text'}, label), make('span', {class: 'x', 'aria-hidden': 'true'}, '\u00d7')],
      () => changeFilter(change), {class: 'chip', 'aria-label': `Remove the filter: ${label}`}));
  if (chips.length > 0 || filter.query || filter.classes.size > 0 || filter.kind >= 0 || filter.slower >= 0)
    chips.push(button('Clear all', () => clearFilter(), {class: 'plain'}));
  byId('chips').replaceChildren(...chips);
  const search = byId('search');
  if (search.value !== filter.query) search.value = filter.query;
  for (const b of document.querySelectorAll('.segmented [data-class]'))
    b.setAttribute('aria-pressed', filter.classes.has(Number(b.dataset.class)));
  const selects = byId('filters').querySelectorAll('select');
  selects[0].value = String(filter.kind);
  selects[1].value = String(filter.slower);
}
