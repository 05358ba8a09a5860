// What the capture can and cannot show, as `doctor` says it, and what the page itself leaves out.

const COUNTERS = [
  ['packets', 'packets'], ['files', 'files'], ['connections', 'TCP connections'], ['connection_attempts', 'of these, seen from the SYN'],
  ['dns_messages', 'DNS messages'], ['http_requests', 'HTTP requests'], ['http_responses', 'HTTP responses'], ['icmp_errors', 'ICMP errors'],
  ['retransmitted_segments', 'retransmitted segments'], ['out_of_order_segments', 'out-of-order segments'], ['duplicate_packets', 'duplicate packets'],
  ['lost_bytes', 'bytes missing from the capture'], ['cut_bytes', 'bytes cut off by the snapshot length'], ['tls_decrypted', 'TLS connections decrypted'],
  ['limits_hit', 'times a memory limit was hit'], ['problems', 'inputs with a problem'],
];

// What would have shown it: a command, or what to do.
function remedy(l) {
  if (!/^(tcpdump|SSLKEYLOGFILE|editcap)\b/.test(l.command)) return make('p', {class: 'muted'}, l.command);
  return make('p', {class: 'command'}, make('code', {}, l.command),
    button('Copy', (e) => copyText(l.command, e.target), {class: 'plain', 'aria-label': `Copy the command for: ${l.text}`}));
}

function limitList() {
  const limits = model.summary.capture.limits;
  if (limits.length === 0) return make('p', {}, 'Nothing that pcap2trace looks for is missing.');
  return make('ul', {class: 'limits'}, limits.map((l) => make('li', {}, make('span', {}, l.text), remedy(l))));
}

function pageNotes() {
  const c = model.contents, notes = [];
  if (c.rows < c.exchanges) notes.push(`The page has ${grouped(c.rows)} of ${grouped(c.exchanges)} exchanges: those that failed, the slowest and examples of each group first, then as many others as fit. The verdict, the services and the counts over time cover all of them.`);
  else notes.push(`All ${counted(c.exchanges, 'exchange')} are in the page.`);
  if (c.details < c.rows) notes.push(`${grouped(c.details)} of them have their timeline here; pcap2trace --id ID shows the timeline of any other.`);
  if (c.filtered) notes.push('This page was made with filters: other exchanges of the captures are not in it.');
  notes.push(c.secrets_shown ? 'Secrets are shown as they were on the wire: do not share this page.' : 'Passwords, cookies and tokens that were recognised are replaced by [redacted]; check the page before you share it.');
  return make('ul', {class: 'plain-list'}, notes.map((n) => make('li', {class: n.startsWith('Secrets are shown') ? 'bad-text' : null}, n)));
}

function buildQuality() {
  const counters = model.contents.counters;
  const rows = COUNTERS.filter(([key]) => counters[key] > 0 || key === 'packets');
  byId('quality').replaceChildren(make('div', {class: 'columns'},
    make('div', {}, make('h3', {}, 'What it cannot show'), limitList()),
    make('div', {}, make('h3', {}, 'What was read'), make('dl', {class: 'facts counters'}, rows.map(([key, label]) => fact(label, grouped(counters[key]))))),
    make('div', {}, make('h3', {}, 'This page'), pageNotes())));
  byId('foot').textContent = `pcap2trace ${model.contents.version} \u2013 rebuilt from packets. ~ marks what is inferred, ? what is assumed; #14 is packet 14 in Wireshark.`;
}
