// node.mjs ADDRESS PORT: node's own HTTP server with its usual limit for idle connections: 5 s, to which node 20.20 adds one.
import http from 'node:http'

const server = http.createServer((q, r) => {
  q.resume()
  q.on('end', () => setTimeout(() => r.end('{"kept":true}\n'), 3 + Math.random() * 6))
})
server.listen(Number(process.argv[3]), process.argv[2], () => console.log('ready'))
