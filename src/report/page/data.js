// Unpacks what the page carries: gzip in base64, and in it tables by column (src/report/columns.h).

function fromBase64(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

async function block(id) {
  const element = document.getElementById(id);
  if (!element) return null;
  const packed = new Blob([fromBase64(element.textContent)]);
  const plain = packed.stream().pipeThrough(new DecompressionStream('gzip'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}

async function textBlock(id) {
  return new TextDecoder().decode(await block(id));
}

// Varints of up to 64 bits; beyond 2^53 they are rounded, as numbers are here.
class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  number() {
    const bytes = this.bytes;
    let byte = bytes[this.at++];
    if (byte < 0x80) return byte;
    let value = byte & 0x7f, scale = 128;
    do {
      byte = bytes[this.at++];
      value += (byte & 0x7f) * scale;
      scale *= 128;
    } while (byte >= 0x80);
    return value;
  }
  part() {
    const n = this.number();
    this.at += n;
    return this.bytes.subarray(this.at - n, this.at);
  }
  get more() {
    return this.at < this.bytes.length;
  }
}

function signed(v) {
  return v % 2 === 0 ? v / 2 : -(v + 1) / 2;
}

function readTexts(lengths, bytes, count) {
  const all = new TextDecoder().decode(bytes);
  const plain = all.length === bytes.length;
  const reader = new Reader(lengths);
  const decoder = new TextDecoder();
  const texts = new Array(count + 1);
  texts[0] = null;
  for (let i = 1, at = 0; i <= count; i++) {
    const n = reader.number();
    texts[i] = plain ? all.slice(at, at + n) : decoder.decode(bytes.subarray(at, at + n));
    at += n;
  }
  return texts;
}

function readColumn(bytes, kind) {
  if (kind === 'i') return new BigUint64Array(bytes.slice().buffer);
  let count = 0;
  for (let i = 0; i < bytes.length; i++) if (bytes[i] < 0x80) count++;
  const reader = new Reader(bytes);
  const out = kind === 't' ? new Uint32Array(count) : new Float64Array(count);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const v = reader.number();
    if (kind === 'd') last += signed(v);
    out[i] = kind === 'k' ? v - 1 : kind === 'd' ? last : v;
  }
  return out;
}

function readTable(bytes, columns) {
  const reader = new Reader(bytes);
  const table = {rows: reader.number()};
  const count = reader.number();
  const lengths = reader.part();
  table.texts = readTexts(lengths, reader.part(), count);
  for (const [name, kind] of columns) table[name] = readColumn(reader.part(), kind);
  return table;
}

// The ids of the calls of each cause.
function readHits(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const hits = [];
  for (let at = 0; at < view.byteLength;) {
    const n = view.getUint32(at, true);
    const ids = [];
    at += 4;
    for (let i = 0; i < n; i++, at += 8) ids.push(view.getBigUint64(at, true));
    hits.push(ids);
  }
  return hits;
}
