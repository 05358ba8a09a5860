// importer.js PROGRAM CAPTURE...: Chromium's own HAR importer, that of its network panel, reads what `-T har` writes: every call with
// its address and status, and the times of its parts as NDJSON has them.
'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const {chromium} = require('playwright-core');
const {check, end, exchanges: told, written} = require('./common.js');

const [program, ...captures] = process.argv.slice(2);
// Runs in a page of the browser's own debugging server, which has the front end's modules.
async function imported(har) {
  const {HARFormat, Importer} = await import('/devtools/models/har/har.js');
  const log = new HARFormat.HARRoot(JSON.parse(har)).log;
  return Importer.Importer.requestsFromHARLog(log).map((r) => ({
    url: r.url(), method: r.requestMethod, status: r.statusCode, address: r.remoteAddress(), connection: r.connectionId, timing: r.timing,
    total: (r.endTime - r.issueTime()) * 1000, requestHeaders: r.requestHeaders(), type: r.mimeType,
  }));
}

// Both in milliseconds; seconds since 1970 as doubles know a quarter of a microsecond.
const near = (a, b, unit = 1e-6) => Math.abs(a - b) <= unit;

const pairs = (headers) => JSON.stringify(headers.map((h) => [h.name, h.value]));

// It takes a part of no length for one that is not there.
function checkPart(name, timing, part, us) {
  const [begin, end] = [timing[part + 'Start'], timing[part + 'End']];
  check(us === null || us === 0 ? begin < 0 || near(begin, end) : near(end - begin, us / 1000), name, part, begin, end, us);
}

function checkCall(name, call, entry, x) {
  check(call.url === entry.request.url && call.method === entry.request.method, name, call.url, call.method);
  check(call.status === (x.status || 0), name, 'status', call.status, x.status);
  check(pairs(call.requestHeaders) === pairs(entry.request.headers), name, 'header fields');
  if (x.response.content_type !== null) check(call.type === entry.response.content.mimeType, name, 'type', call.type);
  if (x.connection !== null) {
    check(call.address === x.connection.server.replace(/[[\]]/g, ''), name, 'address', call.address, x.connection.server);
    check(call.connection === x.connection.id, name, 'connection', call.connection, x.connection.id);
  }
  const phases = x.phases_us;
  checkPart(name, call.timing, 'dns', phases.dns);
  if (phases.connect !== null) checkPart(name, call.timing, 'connect', phases.connect + (phases.tls || 0));
  checkPart(name, call.timing, 'ssl', phases.tls);
  checkPart(name, call.timing, 'send', phases.send);
  checkPart(name, call.timing, 'receiveHeaders', phases.wait);
  if (phases.total !== null) check(near(call.total, phases.total / 1000, 1e-3), name, 'total', call.total, phases.total);
}

// The importer sorts by start, in whole milliseconds.
function inOrder(entries) {
  const start = (i) => new Date(entries[i].startedDateTime).valueOf();
  return entries.map((_, i) => i).sort((a, b) => start(a) - start(b) || a - b);
}

async function checkCapture(page, capture) {
  const har = written(program, 'har', capture);
  const entries = JSON.parse(har).log.entries;
  const exchanges = told(program, capture);
  const calls = await page.evaluate(imported, har);
  check(calls.length === exchanges.length, capture, calls.length, 'calls of', exchanges.length);
  inOrder(entries).forEach((from, i) => checkCall(`${capture} ${exchanges[from].id}`, calls[i], entries[from], exchanges[from]));
  return calls.length;
}

async function main() {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'p2t-importer-'));
  const context = await chromium.launchPersistentContext(profile, {executablePath: process.env.CHROMIUM,
                                                                   args: ['--no-sandbox', '--remote-debugging-port=0']});
  try {
    const [port] = fs.readFileSync(path.join(profile, 'DevToolsActivePort'), 'utf8').split('\n');
    const page = await context.newPage();
    page.on('pageerror', (e) => check(false, e.message));
    await page.goto(`http://127.0.0.1:${port}/json/version`);
    let calls = 0;
    for (const capture of captures) calls += await checkCapture(page, capture);
    end(`of ${captures.length} captures imported by Chromium ${context.browser().version()}`, calls);
  } finally {
    await context.close();
    fs.rmSync(profile, {recursive: true, force: true});
  }
}

main();
