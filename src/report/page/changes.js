// What changed against a baseline: only where one was given.

const CHANGES = {fails_more: 'fails more', fails_less: 'fails less', slower: 'slower', faster: 'faster'};

function changeRoute(c) {
  return c.route ? [c.host || '', ' ', make('span', {class: 'mono'}, `${c.method || ''} ${c.route}`)] : c.host || '';
}

function failedOf(failed, calls) {
  return `${grouped(failed)} of ${grouped(calls)} failed`;
}

function changeBefore(c) {
  return c.quantile ? `${c.quantile} ${duration(c.before_us * 1000)}, ${counted(c.calls_before, 'call')}` : failedOf(c.failed_before, c.calls_before);
}

function changeNow(c) {
  return c.quantile ? `${c.quantile} ${duration(c.now_us * 1000)}, ${counted(c.calls, 'call')}` : failedOf(c.failed, c.calls);
}

function arrivalRows(list, word) {
  return list.map((a) => ({word, route: a.host || '', before: word === 'gone' ? counted(a.calls, 'call') : '\u2013',
    now: word === 'gone' ? '\u2013' : counted(a.calls, 'call'), where: '', sure: ''}));
}

function changeRows(b) {
  return [...b.changes.map((c) => ({word: CHANGES[c.kind] || c.kind, route: changeRoute(c), before: changeBefore(c), now: changeNow(c),
    where: c.phase || '', sure: c.confidence})), ...arrivalRows(b.new, 'new'), ...arrivalRows(b.gone, 'gone')];
}

function changesNote(b) {
  if (!b.times_compared) return 'The baseline was captured at another point on the path, so times are not compared.';
  return b.changes.length + b.new.length + b.gone.length === 0 ? 'No route is slower or fails more, and none is new.' : null;
}

function buildChanges() {
  const b = model.summary.baseline;
  if (!b) return;
  const columns = [
    {label: 'What', cell: (r) => r.word}, {label: 'Route', class: 'wide', cell: (r) => r.route}, {label: 'Baseline', cell: (r) => r.before},
    {label: 'Now', cell: (r) => r.now}, {label: 'Mostly in', cell: (r) => r.where}, {label: 'Confidence', cell: (r) => r.sure},
  ];
  const rows = changeRows(b), note = changesNote(b), top = model.contents.top;
  const list = byId('changes');
  list.replaceChildren(make('h3', {}, 'Against the baseline ', make('span', {class: 'muted'}, counted(b.calls, 'call'))));
  if (note) list.append(make('p', {class: 'muted'}, note));
  if (rows.length > 0) list.append(sortableTable('Changes against the baseline', columns, rows.slice(0, top)));
  if (rows.length > top)
    list.append(button(`Show all ${counted(rows.length, 'change')}`, (e) => e.target.replaceWith(sortableTable('All changes', columns, rows)), {class: 'plain'}));
  list.hidden = false;
}
