// What the tests in a browser share: the program's output, and a list of what is wrong.
'use strict';
const {execFileSync} = require('child_process');

const faults = [];

exports.check = (good, ...what) => {
  if (!good) faults.push(what.map((w) => (typeof w === 'string' ? w : JSON.stringify(w))).join(' '));
};

exports.written = (program, form, capture) => {
  try {
    return execFileSync(program, ['-q', '--all', '-T', form, capture], {maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore']}).toString();
  } catch (e) {
    if (e.status !== 1) throw e;
    return e.stdout.toString(); // a capture that was cut: what could be read
  }
};

exports.exchanges = (program, capture) => exports.written(program, 'ndjson', capture).split('\n').filter(Boolean).map((line) => JSON.parse(line));

exports.end = (what, calls) => {
  exports.check(calls > 0, 'no call was read');
  faults.slice(0, 30).forEach((f) => console.log('FAIL', f));
  console.log(`${calls} calls ${what}, ${faults.length} faults`);
  process.exitCode = faults.length > 0 ? 1 : 0;
};
