// node.mjs CONFIG: calls with node's http and https agents; writes what it saw. Callers: Name, URL, Every [ms, ms], Since,
// Until, Timeout (ms), Body, MaxSockets, KeepAlive. Options.block: [second, ms]: the event loop stands still.
import fs from 'node:fs'
import http from 'node:http'
import https from 'node:https'

const config = JSON.parse(fs.readFileSync(process.argv[2]))
const calls = []
const now = () => Date.now() / 1000
const ca = config.CA ? fs.readFileSync(config.CA) : undefined

function once(caller, agent, url, id) {
  const call = { client: config.Name, stream: caller.Name, start: now(), method: caller.Body ? 'POST' : 'GET', url, status: 0, request_id: id }
  const end = (error) => {
    if (call.end) return
    call.end = now()
    if (error) { call.error = error; call.status = 0 }
    calls.push(call)
  }
  const module = url.startsWith('https') ? https : http
  const q = module.request(url, { method: call.method, agent, ca, headers: { 'X-Request-Id': id, 'User-Agent': config.Name } }, (r) => {
    call.status = r.statusCode
    r.on('data', () => {})
    r.on('end', () => end())
    r.on('aborted', () => end('aborted'))
    r.on('error', (e) => end(e.message))
  })
  q.on('error', (e) => end(e.message))
  if (caller.Timeout) setTimeout(() => { if (!call.end) q.destroy(new Error('timeout')) }, caller.Timeout)
  q.end(caller.Body ? 'x'.repeat(caller.Body) : undefined)
}

for (const caller of config.Callers) {
  const agent = new (caller.URL.startsWith('https') ? https : http).Agent({ keepAlive: caller.KeepAlive ?? true, maxSockets: caller.MaxSockets ?? Infinity })
  let n = 0
  const tick = () => {
    if (now() - config.Begin >= (caller.Until ?? config.End)) return
    n++
    once(caller, agent, caller.URL.replace('{n}', 1000 + (n * 7919) % 9000), `${config.Name}-${caller.Name}-${n}-0`)
    setTimeout(tick, caller.Every[0] + Math.random() * (caller.Every[1] - caller.Every[0]))
  }
  setTimeout(tick, Math.max(0, (config.Begin + (caller.Since ?? 0) - now()) * 1000))
}
const block = config.Options.block
if (block) {
  setTimeout(() => { const until = now() + block[1] / 1000; while (now() < until); }, (config.Begin + block[0] - now()) * 1000)
}
setTimeout(() => {
  fs.writeFileSync(config.Log, calls.map((c) => JSON.stringify(c) + '\n').join(''))
  process.exit(0)
}, (config.Begin + config.End + 1.5 - now()) * 1000)
