// node server.mjs ADDR PORT FOLDER KEYS CROWD: the same server as `crowd server`, of node's own HTTP/2.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http2 from 'node:http2';

const [addr, port, folder, keys, crowd] = process.argv.slice(2);
const page = fs.readFileSync(new URL('main.go', import.meta.url), 'utf8').match(/var page = `([^`]*)`/)[1];
const server = http2.createSecureServer({
  key: fs.readFileSync(`${folder}/key.pem`),
  cert: fs.readFileSync(`${folder}/cert.pem`),
  allowHTTP1: true,
});

async function answer(request, response) {
  const url = new URL(request.url, 'https://crowd.lab');
  for await (const _ of request);
  if (url.pathname === '/r') {
    await new Promise(resolve => setTimeout(resolve, Number(url.searchParams.get('ms'))));
    const bytes = Number(url.searchParams.get('bytes'));
    response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store', 'content-length': bytes });
    response.end('x'.repeat(bytes));
  } else if (url.pathname.startsWith('/page/')) {
    response.setHeader('content-type', 'text/html');
    response.end(page.replace('%s', url.pathname.slice(6)));
  } else if (url.pathname.startsWith('/plan/')) {
    response.end(execFileSync(crowd, ['plan', ...url.pathname.slice(6).split('-')]));
  } else {
    response.end();
    if (url.pathname === '/done') console.log('done');
  }
}

server.on('keylog', line => fs.appendFileSync(keys, line));
server.on('request', answer);
server.on('sessionError', () => {});
server.listen(Number(port), addr, () => console.log('ready'));
