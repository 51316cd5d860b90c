// A ClickHouse server for tests: the real engine (chdb, which runs ClickHouse in
// this process) behind as much of ClickHouse's HTTP interface as the Go driver
// speaks. It prints its address, serves until its standard input ends, and
// removes its data.
//
// https://clickhouse.com/docs/interfaces/http
import { createRequire } from 'node:module'
import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync, unlinkSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const { Session } = createRequire(import.meta.url)('chdb')

const folder = mkdtempSync(join(tmpdir(), 'sojourn-clickhouse-'))
const engine = new Session(join(folder, 'data'))

// maxBody bounds a request: an insert, or a statement with long texts in it.
const maxBody = 1 << 30

// Parameters of a request that are not settings of the engine.
const notSettings = new Set(['query', 'database', 'default_format', 'client_protocol_version', 'query_id', 'quota_key', 'session_id'])

// The engine has one connection, on which SET sticks: statements run one after
// the other, each with the settings of its own request and no others.
const inForce = new Map()
let last = Promise.resolve()

function inTurn(work) {
  const turn = last.then(work)
  last = turn.catch(() => {})
  return turn
}

async function applySettings(params) {
  const wanted = new Map([...params].filter(([name]) => !notSettings.has(name)))
  for (const [name, value] of wanted) {
    if (inForce.get(name) === value) continue
    await engine.queryAsync(`SET ${identifier(name)} = ${text(value)}`)
    inForce.set(name, value)
  }
  for (const name of [...inForce.keys()].filter((name) => !wanted.has(name))) {
    await engine.queryAsync(`SET ${identifier(name)} = DEFAULT`)
    inForce.delete(name)
  }
}

const identifier = (name) => '`' + name.replaceAll('\\', '\\\\').replaceAll('`', '\\`') + '`'
const text = (value) => "'" + value.replaceAll('\\', '\\\\').replaceAll("'", "\\'") + "'"

// The driver reads the answer to its hello with the newest revision of the native
// format and everything after it with the revision that the answer names. The
// engine writes the plain one, revision 0, so the hello is answered by hand.
const hello = 'SELECT displayName(), version(), revision(), timezone()'

function helloAnswer() {
  const [version, timezone] = engine.query('SELECT version(), timezone()', 'TSV').trim().split('\t')
  const parts = []
  const varint = (n) => {
    for (; n > 127; n >>>= 7) parts.push(Buffer.from([(n & 127) | 128]))
    parts.push(Buffer.from([n]))
  }
  const string = (s) => {
    varint(Buffer.byteLength(s))
    parts.push(Buffer.from(s))
  }
  const column = (name, type, value) => {
    string(name)
    string(type)
    parts.push(Buffer.from([0])) // no custom serialization
    value()
  }
  // BlockInfo: is_overflows = false, bucket_num = -1.
  parts.push(Buffer.from([1, 0, 2, 255, 255, 255, 255, 0]))
  varint(4) // columns
  varint(1) // rows
  column('displayName()', 'String', () => string('chdb'))
  column('version()', 'String', () => string(version))
  column('revision()', 'UInt32', () => parts.push(Buffer.alloc(4)))
  column('timezone()', 'String', () => string(timezone))
  return Buffer.concat(parts)
}

// run executes one request and returns the answer's bytes.
async function run(params, body) {
  const statement = params.get('query') ?? body.toString()
  if (statement.trim() === hello) return helloAnswer()
  await applySettings(params)
  if (!params.has('query')) return (await engine.queryAsync(statement, { format: params.get('default_format') ?? 'Native' })).bytes()

  // The data of an insert cannot be handed to the engine beside its statement.
  const file = join(folder, 'insert.native')
  writeFileSync(file, body)
  try {
    await engine.queryAsync(statement.replace(/\s+(FORMAT\s+Native|VALUES)\s*$/i, '') + ` SELECT * FROM file(${text(file)}, 'Native')`)
  } finally {
    unlinkSync(file)
  }
  return Buffer.alloc(0)
}

async function read(request) {
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > maxBody) throw new Error('Code: 0. the request is too large')
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
}

const server = createServer(async (request, response) => {
  try {
    const body = await read(request) // all of it, or nothing is executed
    const params = new URL(request.url, 'http://localhost').searchParams
    const answer = await inTurn(() => run(params, body))
    response.writeHead(200, { 'Content-Type': 'application/octet-stream', 'Content-Length': answer.length })
    response.end(answer)
  } catch (error) {
    const code = /Code:\s*(\d+)/.exec(error.message)?.[1]
    response.writeHead(500, code ? { 'X-ClickHouse-Exception-Code': code } : {})
    response.end(error.message)
  }
})

function stop() {
  rmSync(folder, { recursive: true, force: true })
  process.exit(0)
}

process.stdin.on('end', stop).resume()
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => console.log(`127.0.0.1:${server.address().port}`))
