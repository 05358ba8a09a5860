// Numbers and texts as they are shown.

// What is not to be seen, or reorders text, is shown as an escape: the same as src/write/escape.c has.
const unseen = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu;

function shown(text) {
  return String(text).replace(unseen, (c) => {
    const code = c.codePointAt(0).toString(16);
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
  });
}

function hex(id) {
  return id.toString(16).padStart(16, '0');
}

function grouped(n) {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

function counted(n, one, many) {
  return `${grouped(n)} ${n === 1 ? one : many || one + 's'}`;
}

// A duration of ns with three digits that count.
function duration(ns) {
  if (ns < 0) return '\u2013';
  const ms = ns / 1e6;
  if (ms < 1) return `${ms.toFixed(3)} ms`;
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  const s = ms / 1000;
  if (s < 100) return `${s.toFixed(s < 10 ? 2 : 1)} s`;
  return s < 7200 ? `${Math.floor(s / 60)} min ${Math.round(s % 60)} s` : `${(s / 3600).toFixed(1)} h`;
}

function milliseconds(ns) {
  return (ns / 1e6).toFixed(3);
}

function bytesText(n) {
  if (n < 0) return '\u2013';
  if (n < 1000) return `${n} B`;
  if (n < 1e6) return `${(n / 1e3).toFixed(1)} kB`;
  return n < 1e9 ? `${(n / 1e6).toFixed(1)} MB` : `${(n / 1e9).toFixed(2)} GB`;
}

// Clock texts of a time in ns after the base; UTC.
function clockParts(ns) {
  const whole = BigInt(Math.round(ns)) + model.base;
  const ms = Number(whole / 1000000n);
  let part = Number(whole % 1000000n);
  const date = new Date(part < 0 ? ms - 1 : ms);
  if (part < 0) part += 1e6;
  return Number.isNaN(date.getTime()) ? null : {text: date.toISOString(), part};
}

function clock(ns, digits) {
  const c = clockParts(ns);
  if (!c) return '?';
  const fraction = c.text.slice(20, 23) + String(c.part).padStart(6, '0');
  return c.text.slice(11, 19) + (digits ? '.' + fraction.slice(0, digits) : '');
}

function fullTime(ns) {
  const c = clockParts(ns);
  return c ? `${c.text.slice(0, 10)} ${clock(ns, 9)} UTC` : '?';
}

function dateOf(ns) {
  const c = clockParts(ns);
  return c ? c.text.slice(0, 10) : '?';
}

// A time of the summary: RFC 3339 with nine digits.
function parseTime(text) {
  const at = Date.parse(text.slice(0, 19) + 'Z');
  return Number.isNaN(at) ? 0 : Number(BigInt(at) * 1000000n + BigInt(text.slice(20, 29)) - model.base);
}
