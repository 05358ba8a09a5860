// Node's fetch, told as a live trace: undici publishes when a request's head is sent and when an answer's head has come.
// usage: node node.mjs OUT URL...
import diagnostics from "node:diagnostics_channel";
import { writeFileSync } from "node:fs";

const [out, ...urls] = process.argv.slice(2);
const records = new Map();

// RFC 3339 with nanoseconds: a double of milliseconds since 1970 keeps microseconds and no more.
function now() {
  const us = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return new Date(Math.floor(us / 1000)).toISOString().replace(/\.\d+Z/, "." + String(us % 1000000).padStart(6, "0") + "Z");
}

function note(request, hook) {
  const headers = Array.isArray(request.headers) ? request.headers.join("\n") : String(request.headers);
  const id = /node-\d+/.exec(headers)?.[0];
  records.get(id)?.events.push({ hook, time: now(), args: {} });
}

diagnostics.subscribe("undici:client:sendHeaders", ({ request }) => note(request, "WroteHeaders"));
diagnostics.subscribe("undici:request:headers", ({ request }) => note(request, "GotFirstResponseByte"));

let n = 0;
for (const url of urls) {
  const id = `node-${++n}`;
  const record = { schema: "pcap2trace.live/1", hooks: ["WroteHeaders", "GotFirstResponseByte"], trace_id: id, method: "GET", url, error: null, events: [] };
  records.set(id, record);
  try {
    const answer = await fetch(url, { headers: { "X-Request-Id": id } });
    record.status = answer.status;
    await answer.arrayBuffer();
  } catch {
    delete record.error; // in Node's own words
  }
}
writeFileSync(out, [...records.values()].map((r) => JSON.stringify(r) + "\n").join(""));
