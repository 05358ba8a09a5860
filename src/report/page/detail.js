// One exchange in full.

function fact(name, ...value) {
  if (value.length === 0 || value.every((v) => v === null || v === undefined || v === '')) return null;
  return [make('dt', {}, name), make('dd', {}, value)];
}

function connectionText(d, i) {
  const parts = [];
  if (model.flags[i] & FLAG.reuseKnown) parts.push(model.flags[i] & FLAG.reused ? 'reused' : 'new');
  if (d.position >= 0) parts.push(`exchange ${d.position + 1} on it`);
  if (model.stream[i] >= 0) parts.push(`stream ${model.stream[i]}`);
  if (d.rtt >= 0) parts.push(`rtt ${duration(d.rtt)}`);
  if (d.vantage) parts.push(`captured at the ${d.vantage}`.replace('at the middle', 'between client and server'));
  return parts.join(', ');
}

function tlsText(d) {
  if (!(d.tls_flags & 1)) return null;
  const parts = [d.tls_version, d.tls_cipher, d.tls_alpn, d.tls_name && `for ${d.tls_name}`, d.tls_flags & 2 ? 'resumed' : null, d.tls_flags & 4 ? 'decrypted' : 'not decrypted'];
  return parts.filter(Boolean).join(', ');
}

function messageText(proto, header, body, type) {
  const parts = [];
  if (proto) parts.push(proto);
  if (header >= 0) parts.push(`head ${bytesText(header)}`);
  if (body >= 0) parts.push(`body ${bytesText(body)}`);
  if (type) parts.push(type);
  return parts.join(', ');
}

function factList(d, i) {
  const conn = model.conn[i];
  return make('dl', {class: 'facts'},
    fact('Began', fullTime(model.start[i])), fact('Took', duration(model.total[i])),
    fact('Client', textOf('client', i) && make('span', {class: 'mono'}, textOf('client', i)), d.nat_client ? ` (${d.nat_client} behind NAT)` : null),
    fact('Server', textOf('server', i) && make('span', {class: 'mono'}, textOf('server', i)), d.nat_server ? ` (${d.nat_server} behind NAT)` : null, d.proxy ? ` by proxy ${d.proxy}` : null),
    conn ? fact('Connection', button(model.texts[conn], () => { changeFilter({...noFilter, conn}); }, {class: 'link mono', title: 'All exchanges of this connection'}), ` ${connectionText(d, i)}`) : null,
    fact('TLS', tlsText(d)),
    fact('Request', messageText(d.request_proto, d.request_header, d.request_body, d.request_type)),
    fact('Response', messageText(d.response_proto, d.response_header, model.bytes[i], d.response_type)),
    fact('Trace', textOf('trace', i) && make('span', {class: 'mono'}, textOf('trace', i))));
}

function findingList(d) {
  if (d.findings.length === 0) return null;
  const glyph = {error: '\u2715', warning: '!', info: 'i'};
  return [make('h3', {}, 'Findings'), make('ul', {class: 'findings'}, d.findings.map((f) => make('li', {class: f.severity},
    make('span', {class: 'glyph', role: 'img', 'aria-label': f.severity}, glyph[f.severity]),
    make('span', {}, f.text, ' ', make('span', {class: 'muted mono'}, packetText(f.packets)), ' ', make('span', {class: 'code'}, f.code)))))];
}

function phaseSummary(i) {
  const total = model.total[i];
  if (total <= 0) return null;
  const items = PHASES.filter((p) => model[p][i] >= 0);
  return [make('div', {class: 'phase-line'}, phaseBar(i, total)), make('p', {class: 'legend phase-key'}, items.map((p) => make('span', {class: 'key'},
    make('span', {class: `dot phase-${p}`, 'aria-hidden': 'true'}), `${p} `, make('b', {}, duration(model[p][i])))))];
}

// The attempts beside the one that was used.
function attempts(d) {
  const lost = d.events.filter((e) => e.hook === 'ConnectDone' && e.args.err);
  if (lost.length === 0) return null;
  return [make('h3', {}, 'Connection attempts that were not used'), make('ul', {class: 'plain-list'}, lost.map((e) => make('li', {},
    make('span', {class: 'mono'}, e.args.addr || '?'), ' ', make('span', {class: 'bad-text'}, e.args.err), e.args.syns > 1 ? `, ${e.args.syns} SYNs` : '', ` at ${milliseconds(e.at)} ms `, make('span', {class: 'muted mono'}, packetText(e.packets)))))];
}

function sentFields(d) {
  const fields = d.events.filter((e) => e.hook === 'WroteHeaderField');
  if (fields.length === 0) return null;
  return make('details', {}, make('summary', {}, counted(fields.length, 'request header field')),
    make('dl', {class: 'facts headers'}, fields.map((e) => fact(e.args.key === null ? '?' : e.args.key, make('span', {class: 'mono'}, (e.args.value || []).join(', ') || '\u00a0')))));
}

// Objects of the exchange's JSON, as lines of "name: value".
function flat(value, prefix, out) {
  for (const [name, v] of Object.entries(value)) {
    if (v !== null && typeof v === 'object' && !Array.isArray(v)) flat(v, `${prefix}${name}.`, out);
    else if (v !== null) out.push([`${prefix}${name}`, Array.isArray(v) ? v.slice(0, 32).join(', ') : String(v)]);
  }
  return out;
}

function moreFacts(d) {
  const parts = [];
  for (const [name, value] of Object.entries(d.more)) {
    if (value === null) continue;
    const rows = flat(value, '', []);
    if (rows.length > 0) parts.push(make('details', {}, make('summary', {}, name === 'transport' ? 'Transport: where TCP spent the time' : name),
      make('dl', {class: 'facts headers'}, rows.map(([key, v]) => fact(key, v)))));
  }
  return parts;
}

function linkList(d) {
  if (d.links.length === 0) return null;
  return make('p', {}, d.links.flatMap((l, n) => [n ? ', ' : '', `${l.relation.replace(/_/g, ' ')} `, make('a', {href: `#id=${l.id}`, class: 'id'}, l.id)]));
}

function packetCommand(d) {
  const byFile = new Map();
  const add = (list) => list.forEach((p) => byFile.set(p.file, (byFile.get(p.file) || new Set()).add(p.packet)));
  d.events.forEach((e) => add(e.packets));
  d.findings.forEach((f) => add(f.packets));
  return [...byFile].map(([file, set]) => ({file, filter: `frame.number in {${[...set].sort((a, b) => a - b).join(', ')}}`}));
}

function command(label, value) {
  return make('p', {class: 'command'}, make('code', {}, value), button('Copy', (e) => copyText(value, e.target), {class: 'plain', 'aria-label': `Copy: ${label}`}));
}

function commands(d, i) {
  const id = hex(model.id[i]);
  return make('details', {}, make('summary', {}, 'Commands for this exchange'),
    make('p', {class: 'muted'}, 'What each packet proves, and how the verdict follows'), command('explain', `pcap2trace explain --id ${id} CAPTURE`),
    make('p', {class: 'muted'}, 'Its packets alone, redacted, for Wireshark'), command('extract', `pcap2trace extract --id ${id} -w ${id}.pcapng CAPTURE`));
}

function evidence(d) {
  const rows = packetCommand(d);
  return rows.length > 0 && make('details', {}, make('summary', {}, 'Packets, as a display filter for Wireshark'),
    rows.map((r) => make('p', {class: 'command'}, make('span', {class: 'muted'}, r.file), make('code', {}, r.filter),
      button('Copy', (e) => copyText(r.filter, e.target), {class: 'plain', 'aria-label': `Copy the filter for ${r.file}`}))));
}

function detailHead(i) {
  const id = hex(model.id[i]), at = visible.indexOf(i);
  const step = (by) => () => { if (at + by >= 0 && at + by < visible.length) moveActive(at + by); };
  return make('div', {class: 'detail-head'},
    make('div', {class: 'detail-tools'}, statePill(i), make('a', {href: `#id=${id}`, class: 'id', title: 'Link to this exchange'}, id),
      make('span', {class: 'spring'}),
      button('\u2191', step(-1), {class: 'plain', 'aria-label': 'Previous exchange', disabled: at <= 0}),
      button('\u2193', step(1), {class: 'plain', 'aria-label': 'Next exchange', disabled: at < 0 || at + 1 >= visible.length}),
      button('\u2715', closeDetail, {class: 'plain', id: 'close', 'aria-label': 'Close'})),
    make('h2', {class: 'mono'}, titleOf(i).slice(0, 600)),
    textOf('error', i) && make('p', {class: 'error-text'}, make('span', {class: 'muted'}, model.flags[i] & FLAG.byGo ? 'The client\u2019s error: ' : 'Go\u2019s client would say: '), textOf('error', i)));
}

async function drawDetail(i) {
  const d = await detailOf(i);
  if (table.open !== i) return;
  const aside = byId('detail');
  const body = d === null ? [phaseSummary(i), make('p', {class: 'note'}, 'Its details were left out to keep the page small. ', make('code', {}, `pcap2trace --id ${hex(model.id[i])} CAPTURE`), ' shows them.')]
    : [findingList(d), attempts(d), phaseSummary(i), ...waterfall(d, i), make('h3', {}, 'Facts'), factList(d, i), linkList(d), sentFields(d), ...moreFacts(d), evidence(d), commands(d, i)];
  aside.replaceChildren(detailHead(i));
  fill(aside, {}, body);
  aside.hidden = false;
  aside.scrollTop = 0;
  document.body.classList.add('has-detail');
}

function openRow(i, keepFocus) {
  table.open = i;
  const at = visible.indexOf(i);
  if (at >= 0) {
    table.active = at;
    table.list.reveal(at);
    markActive();
  }
  history.replaceState(null, '', `#id=${hex(model.id[i])}`);
  return drawDetail(i).then(() => { if (!keepFocus) byId('detail').focus({preventScroll: true}); });
}

function closeDetail() {
  if (table.open < 0) return;
  table.open = -1;
  byId('detail').hidden = true;
  document.body.classList.remove('has-detail');
  history.replaceState(null, '', '#exchanges');
  table.list.refresh();
  byId('rows').focus({preventScroll: true});
}
