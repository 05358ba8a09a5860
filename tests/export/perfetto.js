// perfetto.js PROGRAM UI_FOLDER CAPTURE...: Perfetto's trace processor, as its own page runs it, loads what `-T perfetto` writes without
// an error, and finds every call with its connection, its time, its parts inside it, and its hooks.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const {chromium} = require('playwright-core');
const {check, end, exchanges: told, written} = require('./common.js');

const [program, folder, ...captures] = process.argv.slice(2);
const TYPES = {'.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm', '.css': 'text/css', '.json': 'application/json'};

function serve() {
  const server = http.createServer((request, answer) => {
    const name = path.join(folder, path.normalize(new URL(request.url, 'http://x').pathname));
    const file = name.endsWith('/') ? name + 'index.html' : name;
    if (!fs.existsSync(file)) return answer.writeHead(404).end();
    answer.writeHead(200, {'content-type': TYPES[path.extname(file)] || 'application/octet-stream'}).end(fs.readFileSync(file));
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

// Runs in the page. A query's columns are named with an example of their type.
async function loaded(text) {
  window.app.closeCurrentTrace();
  window.app.openTraceFromBuffer({buffer: new TextEncoder().encode(text).buffer, title: 'calls', fileName: 'calls.json'});
  while (window.app.trace === undefined || window.app.isLoadingTrace) await new Promise((again) => setTimeout(again, 20));
  const rows = async (sql, columns) => {
    const found = [];
    const result = await window.app.trace.engine.query(sql);
    for (const row = result.iter(columns); row.valid(); row.next())
      found.push(Object.fromEntries(Object.keys(columns).map((c) => [c, row[c]])));
    return found;
  };
  const lanes = 'from slice s join process_track t on s.track_id = t.id join process p using (upid)';
  return {
    errors: await rows("select name, value from stats where severity in ('error', 'data_loss') and value > 0", {name: 'str', value: 0}),
    slices: await rows('select count(*) as n from slice', {n: 0}),
    calls: await rows(`select s.id as slice, extract_arg(s.arg_set_id, 'args.id') as call, s.ts as ts, s.dur as dur, p.name as lane,
                              extract_arg(s.arg_set_id, 'args.phases_us.total') as total
                       ${lanes} where s.category = 'call' and call is not null`,
                      {slice: 0, call: 'str', ts: 0n, dur: 0n, lane: 'str', total: null}),
    hooks: await rows(`select s.id as slice, s.parent_id as parent, s.name as name, extract_arg(s.arg_set_id, 'args.basis') as basis, s.ts as ts
                       ${lanes} where s.category = 'call' and basis is not null order by s.ts, s.id`,
                      {slice: 0, parent: 0, name: 'str', basis: 'str', ts: 0n}),
    parts: await rows(`select s.name as name, p.name as lane, s.ts as ts, s.dur as dur ${lanes} where s.category = 'phase'`,
                      {name: 'str', lane: 'str', ts: 0n, dur: 0n}),
  };
}

const ns = (time) => BigInt(Date.parse(time.slice(0, 19) + 'Z')) * 1000000n + BigInt(time.slice(20, 29));
// Microseconds since 1970, as doubles, know a quarter of one.
const near = (a, b) => a !== undefined && (a > b ? a - b : b - a) <= 500n;

function checkCall(name, call, hooks, x) {
  const times = [ns(x.start), ns(x.end), ...x.events.map((e) => ns(e.time))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const c = x.connection;
  check(call.lane === (c === null ? 'lookups without a connection' : `${c.client} -> ${c.server}`), name, 'lane', call.lane);
  check(near(call.ts, times[0]) && near(call.ts + call.dur, times[times.length - 1]), name, 'begins or ends at', String(call.ts));
  check(call.total === null ? x.phases_us.total === null : Math.abs(call.total - x.phases_us.total) < 0.001, name, 'total', call.total);
  check(hooks.length === x.events.length, name, hooks.length, 'hooks of', x.events.length);
  hooks.forEach((h, i) => check(near(h.ts, ns(x.events[i]?.time ?? x.start)) && h.basis === x.events[i]?.basis && h.name === x.events[i]?.hook, name, h.name));
}

// Of two hooks at one moment the later is inside the earlier one.
function hooksOf(found) {
  const hooks = new Map(found.calls.map((c) => [c.slice, []]));
  const parents = new Map(found.hooks.map((h) => [h.slice, h.parent]));
  for (const h of found.hooks) {
    let call = h.parent;
    while (parents.has(call)) call = parents.get(call);
    hooks.get(call)?.push(h);
  }
  return hooks;
}

async function checkCapture(page, capture) {
  const text = written(program, 'perfetto', capture);
  const events = JSON.parse(text).traceEvents;
  const found = await page.evaluate(loaded, text);
  const exchanges = told(program, capture);
  const byId = new Map(found.calls.map((c) => [c.call, c]));
  const hooks = hooksOf(found);
  check(found.errors.length === 0, capture, found.errors);
  check(byId.size === exchanges.length && found.calls.length === exchanges.length, capture, found.calls.length, 'calls of', exchanges.length);
  check(found.parts.length === events.filter((e) => e.ph === 'b' && e.cat === 'phase').length, capture, found.parts.length, 'parts');
  check(found.slices[0].n === found.calls.length + found.hooks.length + found.parts.length, capture, 'slices outside of the lanes');
  for (const x of exchanges) {
    const call = byId.get(x.id);
    check(call !== undefined, capture, x.id, 'is not there');
    if (call !== undefined) checkCall(`${capture} ${x.id}`, call, hooks.get(call.slice), x);
  }
  return found.calls.length;
}

async function main() {
  const server = await serve();
  const browser = await chromium.launch({executablePath: process.env.CHROMIUM, args: ['--no-sandbox']});
  try {
    const page = await browser.newPage();
    await page.route(/^(?!http:\/\/127\.0\.0\.1:)/, (route) => route.abort());
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    await page.waitForFunction(() => window.app !== undefined);
    let calls = 0;
    for (const capture of captures) calls += await checkCapture(page, capture);
    end(`of ${captures.length} captures in Perfetto's trace processor`, calls);
  } finally {
    await browser.close();
    server.close();
  }
}

main();
