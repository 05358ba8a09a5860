// The verdict and the causes, in the summary's own words, each with the way to its calls.

const SIDES = {client: 'the client', resolver: 'the name server', name_service: "the name's records", network: 'the network',
  server: 'the server', proxy: 'the proxy', capture: 'the capture'};

function showRows(change) {
  filter.classes.clear();
  changeFilter({...noFilter, ...change});
  byId('exchanges').scrollIntoView({block: 'start'});
  byId('rows').focus({preventScroll: true});
}

function hitText(c) {
  const parts = [`hit ${grouped(c.calls)} of ${counted(c.of, c.counted.slice(0, -1))}`];
  if (c.failed > 0) parts.push(`${grouped(c.failed)} failed`);
  if (c.open > 0) parts.push(`${grouped(c.open)} still waiting at the end`);
  if (c.lost_ms > 0) parts.push(`${duration(c.lost_ms * 1e6)} longer than usual in total`);
  return parts.join(', ');
}

// Of captures that do not overlap, each has its own; the summary has none where there is no packet.
function periods() {
  return model.summary.periods;
}

function periodOf(time) {
  return periods().reduce((begin, p) => (parseTime(p.since) <= time ? parseTime(p.since) : begin), model.first);
}

function whenText(c) {
  const from = parseTime(c.since), to = parseTime(c.until);
  return `since ${clock(from, 3)}, ${Math.max(0, (from - periodOf(from)) / 1e9).toFixed(1)} s into ${periods().length > 1 ? 'its period' : 'the capture'}, until ${clock(to, 3)}`;
}

function exampleLinks(c) {
  return c.examples.map((id) => make('a', {href: `#id=${id}`, class: 'id'}, id));
}

function showLabel(rows, hits) {
  if (rows < hits) return `Show ${grouped(rows)} of its ${grouped(hits)} exchanges`;
  return rows === 1 ? 'Show its exchange' : `Show its ${grouped(rows)} exchanges`;
}

function sideText(c) {
  const side = SIDES[c.side] || c.side;
  return c.or_side ? `${side} or ${SIDES[c.or_side] || c.or_side}` : side;
}

function causeCard(c, n) {
  const rows = causeRows(n);
  const facts = make('dl', {class: 'facts'},
    make('dt', {}, 'When'), make('dd', {}, whenText(c)),
    make('dt', {}, 'Extent'), make('dd', {}, hitText(c)),
    make('dt', {}, 'Side'), make('dd', {}, make('b', {}, sideText(c)), ` \u2013 ${c.confidence}`,
      c.not_to_blame.length > 0 ? `; not to blame: ${c.not_to_blame.join(', ')}` : ''));
  if (c.in_baseline !== undefined)
    facts.append(make('dt', {}, 'Baseline'), make('dd', {}, c.in_baseline ? 'has the same cause' : 'does not have it'));
  if (c.explains) facts.append(make('dt', {}, 'Explains'), make('dd', {}, c.explains));
  if (c.evidence.length > 0)
    facts.append(make('dt', {}, 'Packets'), make('dd', {}, evidenceText(c)));
  if (c.examples.length > 0)
    facts.append(make('dt', {}, 'Examples'), make('dd', {}, exampleLinks(c).flatMap((a, i) => (i ? [' ', a] : [a]))));
  return make('article', {class: `cause ${c.failed > 0 ? 'bad' : 'slow'}`, 'aria-labelledby': `cause-${n}`},
    make('h3', {id: `cause-${n}`}, make('span', {class: 'number'}, String(n + 1)), make('span', {}, c.text)),
    facts,
    make('p', {class: 'card-foot'},
      rows.length > 0 && button(showLabel(rows.length, (model.hits[n] || []).length), () => showRows({cause: n}), {class: 'primary'}),
      make('code', {class: 'code'}, c.code)));
}

function evidenceText(c) {
  const byFile = new Map();
  for (const [file, packet] of c.evidence.slice(0, 8)) byFile.set(file, [...(byFile.get(file) || []), `#${packet}`]);
  const parts = [...byFile].map(([file, list]) => `${list.join(' ')} in ${file}`);
  const rest = c.evidence_dropped + Math.max(0, c.evidence.length - 8);
  if (rest > 0) parts.push(`and ${grouped(rest)} more`);
  return parts.join('; ');
}

// As the summary's text begins.
function headline(s) {
  const length = periods().reduce((sum, p) => sum + parseTime(p.until) - parseTime(p.since), 0);
  const totals = [`${counted(s.calls, 'call')}, ${counted(s.services.length, 'service')}, ${duration(length)}; ${grouped(s.failed)} failed`];
  if (s.causes.length > 0 && s.unexplained_failed > 0)
    totals.push(s.unexplained_failed === s.failed ? 'for no cause found here' : `${grouped(s.unexplained_failed)} of them for no cause found here`);
  if (s.lookups_in_vain > 0) totals.push(`${counted(s.lookups_in_vain, 'lookup')} led to no call`);
  if (s.open > 0) totals.push(`${grouped(s.open)} still waiting at the end`);
  const told = make('span', {class: 'muted'}, totals.join(', '));
  if (s.causes.length === 0) {
    const failing = s.failed > 0 && (s.calls <= 8 || s.failed > s.calls / 2);
    const words = s.calls === 0 ? 'No calls: ' : failing ? 'No cause was found for what failed: ' : 'Nothing unusual: ';
    return make('p', {class: failing ? 'headline' : 'headline good'}, words, told);
  }
  return make('p', {class: 'headline'}, s.causes.length === 1 ? 'One cause: ' : `${s.causes.length} causes: `, told);
}

// The way to the rows that failed and are of no cause. Of very many calls the page does not know all that a cause hit.
function restButton(s) {
  const rows = restRows().length;
  if (rows === 0 || rows > (s.causes.length > 0 ? s.unexplained_failed : s.failed)) return null;
  const what = s.causes.length > 0 ? (rows === 1 ? 'the other call that failed' : `the ${grouped(rows)} other calls that failed`)
    : rows === 1 ? 'the call that failed' : `the ${grouped(rows)} calls that failed`;
  return make('p', {class: 'card-foot'}, button(`Show ${what}`, () => showRows({rest: true}), {class: 'plain'}));
}

function buildVerdict() {
  const s = model.summary, top = model.contents.top;
  byId('headline').replaceChildren(headline(s));
  const cards = s.causes.map(causeCard);
  byId('causes').replaceChildren(...cards.slice(0, top));
  if (cards.length > top) {
    byId('causes').append(button(`Show ${counted(cards.length - top, 'more cause')}`, (e) => e.target.replaceWith(...cards.slice(top)), {class: 'plain'}));
  }
  fill(byId('verdict'), {}, [restButton(s)]);
  byId('copy').addEventListener('click', async (e) => copyText(await textBlock('verdict-text'), e.target));
}
