// Logs one line per call of Node's fetch (undici), or of the package undici, into a file. A program needs no change:
//
//   TRACELOG=calls.ndjson node --import ./tracelog.mjs service.js
//
// `pcap2trace compare --live calls.ndjson capture.pcap` reads these lines again. Each call carries its id in X-Request-Id; one that is
// there already stays. undici tells when a request's head is sent and when an answer's head has come; errors are in Node's words, and so
// left out. http.request() does not go through undici: nothing is told of it.
import { randomUUID } from "node:crypto";
import diagnostics from "node:diagnostics_channel";
import { appendFileSync } from "node:fs";

const file = process.env.TRACELOG ?? "calls.ndjson";
const calls = new WeakMap();

// RFC 3339; a double of milliseconds since 1970 keeps microseconds and no more.
function now() {
  const us = Math.round((performance.timeOrigin + performance.now()) * 1000);
  return new Date(Math.floor(us / 1000)).toISOString().replace(/\.\d+Z/, "." + String(us % 1000000).padStart(6, "0") + "Z");
}

// Names and values in turn, or lines of a head, by undici's version.
function idIn(headers) {
  if (typeof headers === "string") return /^x-request-id: *([^\r\n]*)/im.exec(headers)?.[1];
  const at = (headers ?? []).findIndex((text, i) => i % 2 === 0 && String(text).toLowerCase() === "x-request-id");
  return at < 0 ? undefined : String(headers[at + 1]);
}

function note(request, hook) {
  calls.get(request)?.events.push({ hook, time: now(), args: {} });
}

function end(request, told) {
  const call = calls.get(request);
  if (call === undefined) return;
  calls.delete(request);
  appendFileSync(file, JSON.stringify({ ...call, ...told, end: now() }) + "\n");
}

diagnostics.subscribe("undici:request:create", ({ request }) => {
  let id = idIn(request.headers);
  if (id === undefined) request.addHeader("x-request-id", (id = randomUUID()));
  calls.set(request, {
    schema: "pcap2trace.live/1", hooks: ["WroteHeaders", "GotFirstResponseByte"], trace_id: id, method: request.method,
    url: request.origin + request.path, start: now(), events: [],
  });
});
diagnostics.subscribe("undici:client:sendHeaders", ({ request }) => note(request, "WroteHeaders"));
diagnostics.subscribe("undici:request:headers", ({ request, response }) => {
  note(request, "GotFirstResponseByte");
  const call = calls.get(request);
  if (call !== undefined) call.status = response.statusCode;
});
diagnostics.subscribe("undici:request:trailers", ({ request }) => end(request, { error: null }));
diagnostics.subscribe("undici:request:error", ({ request }) => end(request, {}));
