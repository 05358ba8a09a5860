// The services as the summary counts them, and the addresses of the rows that are there.

// Rows stand in the order given until a head is clicked.
function sortableTable(caption, columns, rows) {
  const body = make('tbody', {});
  const heads = columns.map((c) => make('th', {scope: 'col', class: c.number ? 'n' : null}, c.key
    ? button(c.label, () => sort(c), {class: 'head'}) : c.label));
  let last = null, down = true;
  const draw = () => body.replaceChildren(...rows.map((r) => make('tr', {}, columns.map((col) => make('td', {class: `${col.number ? 'n' : ''} ${col.class || ''}`}, col.cell(r))))));
  const sort = (c) => {
    down = last === c ? !down : Boolean(c.number);
    last = c;
    const sign = down ? -1 : 1;
    rows.sort((a, b) => (a[c.key] < b[c.key] ? -sign : a[c.key] > b[c.key] ? sign : 0));
    heads.forEach((h, i) => {
      if (columns[i] === c) h.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      else h.removeAttribute('aria-sort');
    });
    draw();
  };
  draw();
  return make('div', {class: 'scroll-x', tabindex: '0', role: 'region', 'aria-label': caption}, make('table', {}, make('caption', {class: 'hidden'}, caption), make('thead', {}, make('tr', {}, heads)), body));
}

function share(value, most, kind) {
  const bar = make('span', {class: `share ${kind}`, 'aria-hidden': 'true'});
  bar.style.width = `${most > 0 ? Math.max(value > 0 ? 2 : 0, value / most * 100) : 0}%`;
  return make('span', {class: 'share-box'}, bar);
}

// Times are null, and shown as dashes, where no request was seen.
function serviceRows() {
  return model.summary.services.map((s) => {
    const times = s.total_us || {}, ns = (us) => (us === undefined ? null : us * 1000);
    return {
      service: s.service || '', name: s.name || '', calls: s.calls, failed: s.failed, p50: ns(times.p50), p90: ns(times.p90), p99: ns(times.p99),
      max: ns(times.max), phase: s.phase, phaseP50: s.phase_us && s.phase_us.p50 * 1000, connections: s.requests > 0 ? s.connections : null,
      reuse: s.requests > 0 ? s.reused / s.requests : null,
    };
  });
}

function failedCell(r) {
  return r.failed > 0 ? make('span', {class: 'bad-text'}, `${grouped(r.failed)} (${(r.failed / r.calls * 100).toFixed(r.failed < r.calls && r.failed / r.calls < 0.1 ? 1 : 0)}%)`) : make('span', {class: 'muted'}, '0');
}

function buildServices() {
  const rows = serviceRows();
  if (rows.length === 0) {
    byId('service-list').replaceChildren(make('p', {class: 'muted'}, 'No call was seen.'));
    return;
  }
  const slowest = rows.reduce((a, r) => Math.max(a, r.p99), 0);
  const known = (key, cell) => (r) => (r[key] === null ? make('span', {class: 'muted'}, '–') : cell(r));
  const ms = (key) => known(key, (r) => duration(r[key]));
  const rowsOf = (r) => (model.texts.includes(r.service) ? {server: model.texts.indexOf(r.service)} : {query: r.service});
  const columns = [
    {label: 'Service', key: 'name', class: 'wide', cell: (r) => [button(r.name || r.service, () => showRows(rowsOf(r)), {class: 'link'}), r.name ? make('span', {class: 'muted mono'}, ` ${r.service}`) : null]},
    {label: 'Calls', key: 'calls', number: true, cell: (r) => grouped(r.calls)},
    {label: 'Failed', key: 'failed', number: true, cell: failedCell},
    {label: 'p50', key: 'p50', number: true, cell: ms('p50')},
    {label: 'p90', key: 'p90', number: true, cell: ms('p90')},
    {label: 'p99', key: 'p99', number: true, cell: known('p99', (r) => [duration(r.p99), share(r.p99, slowest, r.failed > 0 ? 'failed' : 'ok')])},
    {label: 'Max', key: 'max', number: true, cell: ms('max')},
    {label: 'Most time in', key: 'phase', cell: known('phase', (r) => [make('span', {class: `dot phase-${r.phase}`, 'aria-hidden': 'true'}), `${r.phase} `, make('span', {class: 'muted'}, duration(r.phaseP50))])},
    {label: 'Connections', key: 'connections', number: true, cell: known('connections', (r) => grouped(r.connections))},
    {label: 'Reuse', key: 'reuse', number: true, cell: known('reuse', (r) => `${Math.round(r.reuse * 100)}%`)},
  ];
  const top = model.contents.top;
  rows.sort((a, b) => b.failed - a.failed || b.calls - a.calls);
  const shown = sortableTable('Services', columns, rows.slice(0, top));
  byId('service-list').replaceChildren(shown);
  if (rows.length > top)
    byId('service-list').append(button(`Show all ${grouped(rows.length)} services`, () => byId('service-list').replaceChildren(sortableTable('Services', columns, rows)), {class: 'plain'}));
}

// ---- addresses ----

function withoutPort(address) {
  const end = address.lastIndexOf(':');
  return end > 0 ? address.slice(0, end).replace(/^\[|\]$/g, '') : address;
}

// A host stands in URLs with its port where that is not the usual one, and in lookups without.
function hostName(host) {
  const m = /^(\[[^\]]*\]|[^:]+)(:\d+)?$/.exec(host);
  return m ? m[1] : host;
}

function countBy(keyOf) {
  const found = new Map();
  for (let i = 0; i < model.count; i++) {
    const key = keyOf(i);
    if (!key || model.flags[i] & FLAG.quiet) continue;
    let row = found.get(key);
    if (!row) found.set(key, row = {key, calls: 0, failed: 0, never: 0});
    row.calls++;
    if (model.class[i] === CLASS.neverSent) row.never++;
    if (model.class[i] === CLASS.neverSent || model.class[i] === CLASS.failed) row.failed++;
  }
  return [...found.values()];
}

function addressTable(caption, first, rows, filterOf) {
  const cell = (r) => button(r.label || r.key, () => showRows(filterOf(r)), {class: 'link mono'});
  const columns = [
    {label: first, key: 'key', class: 'wide', cell},
    {label: 'Rows', key: 'calls', number: true, cell: (r) => grouped(r.calls)},
    {label: 'Failed', key: 'failed', number: true, cell: failedCell},
    {label: 'Unsent', key: 'never', number: true, cell: (r) => (r.never > 0 ? make('span', {class: 'never-text'}, grouped(r.never)) : make('span', {class: 'muted'}, '0'))},
  ];
  rows.sort((a, b) => b.failed - a.failed || b.calls - a.calls);
  const top = model.contents.top;
  const box = make('div', {}, make('h3', {}, caption), sortableTable(caption, columns, rows.slice(0, top)));
  if (rows.length > top) box.append(make('p', {class: 'muted'}, `and ${grouped(rows.length - top)} more: search for them below`));
  return box;
}

function buildAddresses() {
  model.clientAddress = model.texts.map((t) => (t === null ? '' : withoutPort(t)));
  const servers = countBy((i) => textOf('server', i));
  const clients = countBy((i) => model.clientAddress[model.client[i]]);
  const names = countBy((i) => hostName(textOf('host', i) || ''));
  byId('address-list').replaceChildren(...[
    names.length > 0 && addressTable('Hosts', 'Host', names, (r) => ({query: r.key})),
    servers.length > 0 && addressTable('Server addresses', 'Address', servers, (r) => ({server: model.texts.indexOf(r.key)})),
    clients.length > 0 && addressTable('Clients', 'Address', clients, (r) => ({client: r.key}))].filter(Boolean));
}
