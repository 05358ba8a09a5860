// The table of exchanges: only the rows that are to be seen are in the document.

const table = {active: 0, open: -1};
const narrow = window.matchMedia('screen and (max-width: 760px)');
const rowHeight = () => (narrow.matches ? 62 : 30);
const headHeight = () => (narrow.matches ? 0 : 31);

const COLUMNS = [
  {key: 'start', label: 'Time (UTC)'}, {key: 'state', label: 'Result'}, {key: 'method', label: 'Method'}, {key: 'url', label: 'URL'},
  {key: 'server', label: 'Server'}, {key: 'total', label: 'Total', number: true}, {key: null, label: 'Phases'}, {key: 'finding', label: 'What was found'},
];

function titleOf(i) {
  const method = textOf('method', i), url = textOf('url', i), host = textOf('host', i);
  if (url) return `${method ? method + ' ' : ''}${url}`;
  const kind = model.contents.kinds[model.kind[i]];
  const subject = host || textOf('server', i) || '';
  return kind === 'lookup' ? `lookup ${subject}` : kind === 'connect' ? `connect ${subject}` : kind === 'tls' ? `TLS to ${subject}` : `${method || ''} ${subject}`.trim();
}

function stateOf(i) {
  const outcome = model.contents.outcomes[model.outcome[i]];
  if (model.grpc[i] > 0) return `grpc ${model.grpc[i]}`;
  if (outcome === 'ok' || outcome === 'response_error') return model.status[i] > 0 ? String(model.status[i]) : outcome.replace('_', ' ');
  return outcome.replace('_', ' ');
}

function statePill(i) {
  const c = CLASSES[model.class[i]];
  return make('span', {class: `pill ${c.key}`}, make('span', {class: 'glyph', 'aria-hidden': 'true'}, c.glyph), stateOf(i));
}

function phaseBar(i, scale) {
  const bar = make('span', {class: 'phases', 'aria-hidden': 'true'});
  for (const p of PHASES) {
    const v = model[p][i];
    if (v <= 0) continue;
    const part = make('span', {class: `phase-${p}`});
    part.style.width = `${v / scale * 100}%`;
    bar.append(part);
  }
  return bar;
}

// URLs of http without their scheme; the host is muted.
function urlCell(i) {
  const url = textOf('url', i);
  if (!url) return [make('span', {class: 'muted'}, `${model.contents.kinds[model.kind[i]]} `), textOf('host', i) || textOf('server', i) || ''];
  const m = /^(https?):\/\/([^/]*)(.*)$/s.exec(url);
  return m ? [make('span', {class: 'muted'}, m[1] === 'https' ? `https://${m[2]}` : m[2]), m[3].slice(0, 400)] : url.slice(0, 400);
}

function foundCell(i) {
  const code = textOf('finding', i), error = textOf('error', i);
  return [code && make('span', {class: 'code'}, code), error && make('span', {class: 'muted'}, ` ${error.slice(0, 200)}`)];
}

function drawRow(n) {
  const i = visible[n];
  const cell = (name, ...children) => make('span', {class: `c ${name}`, role: 'gridcell'}, ...children);
  return make('div', {class: `row ${n === table.active ? 'active' : ''} ${i === table.open ? 'open' : ''}`, role: 'row', id: `row-${n}`,
    'aria-rowindex': n + 2, 'aria-selected': i === table.open ? 'true' : 'false', onclick: () => { table.active = n; openRow(i); }},
  cell('start', clock(model.start[i], 3)), cell('state', statePill(i)), cell('method', textOf('method', i) || '\u2013'),
  cell('url mono', urlCell(i)), cell('server mono', textOf('server', i) || '\u2013'), cell('total', duration(model.total[i])),
  cell('bar', phaseBar(i, table.scale)), make('span', {class: 'c found', role: 'gridcell', title: textOf('error', i) ? textOf('error', i).slice(0, 500) : null}, foundCell(i)));
}

function headRow() {
  return make('div', {class: 'row head', role: 'row', 'aria-rowindex': 1}, COLUMNS.map((c) => {
    const cell = make('span', {class: `c ${c.key || 'bar'}`.replace('finding', 'found'), role: 'columnheader'}, c.key
      ? button([c.label, make('span', {class: 'arrow', 'aria-hidden': 'true'})], () => sortBy(c.key), {class: 'head'}) : c.label);
    cell.dataset.key = c.key || '';
    return cell;
  }));
}

function drawHead() {
  for (const cell of table.head.children) {
    const sorted = cell.dataset.key === order.column;
    if (sorted) cell.setAttribute('aria-sort', order.down ? 'descending' : 'ascending');
    else cell.removeAttribute('aria-sort');
    const arrow = cell.querySelector('.arrow');
    if (arrow) arrow.textContent = sorted ? (order.down ? ' \u2193' : ' \u2191') : '';
  }
}

// Bars are as long as the 95th percentile of what is to be seen: one slow call does not flatten all others.
function barScale() {
  const sample = [];
  const step = Math.max(1, Math.floor(visible.length / 2000));
  for (let n = 0; n < visible.length; n += step) sample.push(Math.max(0, model.total[visible[n]]));
  sample.sort((a, b) => a - b);
  return Math.max(1, sample[Math.min(sample.length - 1, Math.floor(sample.length * 0.95))] || 1);
}

function countText() {
  const c = model.contents;
  let all = 0;
  for (let i = 0; i < model.count; i++) if (filter.quiet || !(model.flags[i] & FLAG.quiet)) all++;
  const of = visible.length === all ? counted(all, 'row') : `${grouped(visible.length)} of ${counted(all, 'row')}`;
  return c.rows < c.exchanges ? `${of}; the page holds ${grouped(c.rows)} of ${grouped(c.exchanges)}` : of;
}

function drawTable() {
  table.scale = barScale();
  table.active = Math.max(0, Math.min(table.active, visible.length - 1));
  table.grid.setAttribute('aria-rowcount', visible.length + 1);
  table.grid.style.height = `${Math.min(Math.max(visible.length, 1) * rowHeight() + headHeight() + 2, Math.max(300, window.innerHeight * 0.62))}px`;
  table.list.setCount(visible.length);
  byId('none').hidden = visible.length > 0;
  byId('count').textContent = countText();
  drawHead();
  markActive();
}

function markActive() {
  if (visible.length > 0) table.grid.setAttribute('aria-activedescendant', `row-${table.active}`);
  else table.grid.removeAttribute('aria-activedescendant');
}

function moveActive(to) {
  table.active = Math.max(0, Math.min(visible.length - 1, to));
  table.list.reveal(table.active);
  markActive();
  if (table.open >= 0 && visible.length > 0) openRow(visible[table.active], true);
}

function tableKey(e) {
  if (e.target !== table.grid) return;
  const page = Math.max(1, Math.floor(table.grid.clientHeight / rowHeight()) - 1);
  const moves = {ArrowDown: table.active + 1, ArrowUp: table.active - 1, PageDown: table.active + page, PageUp: table.active - page, Home: 0, End: visible.length - 1};
  if (e.key in moves) moveActive(moves[e.key]);
  else if ((e.key === 'Enter' || e.key === ' ') && visible.length > 0) openRow(visible[table.active]);
  else return;
  e.preventDefault();
}

function buildTable() {
  table.head = headRow();
  table.grid = make('div', {id: 'rows', class: 'rows', role: 'grid', tabindex: '0', onkeydown: tableKey, 'aria-label': 'Exchanges: move with the arrow keys, open with Enter'},
    make('div', {class: 'head-group', role: 'rowgroup'}, table.head));
  byId('table').append(table.grid, make('p', {id: 'none', class: 'note', hidden: true}, model.count > 0 ? 'No exchange matches these filters.' : 'There is no exchange.'));
  table.list = new VirtualList(table.grid, make('div', {class: 'space', role: 'rowgroup'}), rowHeight, drawRow, headHeight);
  narrow.addEventListener('change', drawTable);
}
