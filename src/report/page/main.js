// Puts the page together.

function setTheme(dark) {
  document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  byId('theme').textContent = dark ? 'Light' : 'Dark';
  if (chart.canvas) drawChart();
}

function followTheme() {
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  setTheme(system.matches);
  system.addEventListener('change', (e) => setTheme(e.matches));
  byId('theme').addEventListener('click', () => setTheme(document.documentElement.dataset.theme !== 'dark'));
}

// Paper is light, and gets the first rows of what is chosen.
const PRINTED_ROWS = 120, PRINTED_LANES = 60;

function followPrinter() {
  let dark = false;
  window.addEventListener('beforeprint', () => {
    dark = document.documentElement.dataset.theme === 'dark';
    setTheme(false);
    table.list.print(PRINTED_ROWS);
    lanes.list.print(PRINTED_LANES);
    if (visible.length > PRINTED_ROWS) byId('count').textContent = `the first ${PRINTED_ROWS} of ${countText()}`;
  });
  window.addEventListener('afterprint', () => {
    setTheme(dark);
    table.list.print(0);
    lanes.list.print(0);
    byId('count').textContent = countText();
  });
}

function followHash() {
  const m = /^#id=(.*)$/.exec(location.hash);
  if (!m) return notice('');
  const i = findRow(m[1]);
  const c = model.contents;
  if (i < 0) {
    const left = c.rows < c.exchanges ? ` It holds ${grouped(c.rows)} of ${grouped(c.exchanges)} exchanges.` : '';
    return notice(`No exchange with the id ${m[1].slice(0, 64)} is in this page.${left}`);
  }
  notice('');
  if (model.flags[i] & FLAG.quiet) filter.quiet = true;
  if (visible.indexOf(i) < 0) clearFilter();
  return openRow(i);
}

function followKeys() {
  document.addEventListener('keydown', (e) => {
    if (e.key === 'Escape') closeDetail();
    else if (e.key === '/' && !/^(INPUT|SELECT|TEXTAREA)$/.test(e.target.tagName)) {
      e.preventDefault();
      byId('search').focus();
    } else if ((e.key === 'ArrowDown' || e.key === 'ArrowUp') && e.target === byId('detail') && e.altKey) {
      e.preventDefault();
      moveActive(table.active + (e.key === 'ArrowDown' ? 1 : -1));
    }
  });
}

function build() {
  model.lower = new Array(model.texts.length);
  const from = model.first, to = model.last;
  byId('span').textContent = model.contents.counters.packets > 0 ? `${dateOf(from)}  ${clock(from, 3)} \u2013 ${clock(to, 3)} UTC` : 'no packets';
  buildVerdict();
  buildChanges();
  buildChart();
  buildServices();
  buildAddresses();
  buildFilters();
  buildTable();
  buildLanes();
  buildQuality();
  byId('report').hidden = false;
  byId('loading').remove();
  whenFiltered(drawFilters);
  whenFiltered(drawTable);
  whenFiltered(drawChart);
  whenFiltered(drawLanes);
  applyFilter();
}

async function start() {
  followTheme();
  if (typeof DecompressionStream === 'undefined') {
    byId('loading').textContent = 'This browser cannot unpack the data: it needs Chrome 80, Firefox 113 or Safari 16.4, or a later version.';
    return;
  }
  try {
    await loadModel();
    build();
  } catch (error) {
    byId('loading').textContent = shown(`The data of this page is damaged: ${error.message}`);
    throw error;
  }
  followKeys();
  followPrinter();
  window.addEventListener('hashchange', followHash);
  await followHash();
  document.documentElement.dataset.ready = 'yes';
}

start();
