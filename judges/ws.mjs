// Has the client of the npm package ws, with its own strict reading of RFC 6455, talk
// with a WebSocket of bare. Its argument is the server's address.
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { once } from "node:events"
import WebSocket from "ws"
import { base, test, until } from "./judging.mjs"

const address = base.replace("http", "ws")

// open opens a WebSocket, and fails with what the handshake was answered with.
async function open(path, protocols = [], options = {}) {
  const socket = new WebSocket(address + path, protocols, options)
  socket.answers = []
  socket.on("message", (data, binary) => socket.answers.push([data, binary]))
  await once(socket, "open")
  return socket
}

// ask sends a message and returns the answer.
async function ask(socket, data, options = {}) {
  const answer = once(socket, "message")
  socket.send(data, options)
  return answer
}

// closed waits for the end, and returns its code and reason.
async function closed(socket) {
  const [code, reason] = await once(socket, "close")
  return [code, reason.toString()]
}

// refused returns the status of a handshake that leads to nothing.
async function refused(path, options = {}) {
  const socket = new WebSocket(address + path, [], options)
  const [request, response] = await once(socket, "unexpected-response")
  request.destroy()
  return response
}

await test("text comes back as text, whatever the letters", async () => {
  const socket = await open("/echo")
  for (const text of ["hello", "", "Grüße, 世界 🎈", "a".repeat(1 << 20)]) {
    const [data, binary] = await ask(socket, text)
    assert.equal(data.toString(), text)
    assert.equal(binary, false)
  }
  socket.close(1000)
  assert.deepEqual(await closed(socket), [1000, ""])
})

await test("bytes come back as bytes, none of them as well", async () => {
  const socket = await open("/echo")
  for (const size of [0, 1, 125, 126, 65535, 65536, 1 << 20]) {
    const bytes = randomBytes(size)
    const [data, binary] = await ask(socket, bytes)
    assert.ok(data.equals(bytes), `${size} bytes`)
    assert.equal(binary, true)
  }
  socket.close()
  assert.deepEqual(await closed(socket), [1005, ""])
})

await test("a message in fragments comes back whole", async () => {
  const socket = await open("/echo")
  socket.send("one, ", { fin: false })
  socket.ping()
  socket.send("", { fin: false })
  const [data] = await ask(socket, "two", { fin: true })
  assert.equal(data.toString(), "one, two")
  socket.terminate()
})

await test("a ping is answered with its payload", async () => {
  const socket = await open("/echo")
  const pong = once(socket, "pong")
  socket.ping("here?")
  assert.equal((await pong)[0].toString(), "here?")
  socket.terminate()
})

await test("a ping of the server's is answered and counts", async () => {
  const socket = await open("/pings")
  await once(socket, "ping")
  await once(socket, "ping")
  socket.terminate()
})

await test("a thousand messages come back in order", async () => {
  const socket = await open("/echo")
  for (let i = 0; i < 1000; i++) socket.send(String(i))
  while (socket.answers.length < 1000) await once(socket, "message")
  assert.deepEqual(socket.answers.map(([data]) => Number(data)), [...Array(1000).keys()])
  socket.terminate()
})

await test("a close is answered with its code", async () => {
  for (const code of [1000, 1001, 1008, 3000, 4999]) {
    const socket = await open("/echo")
    socket.close(code, "because")
    assert.deepEqual(await closed(socket), [code, "because"])
  }
})

await test("a close of the handler's has its code and reason", async () => {
  assert.deepEqual(await closed(await open("/logout")), [4001, "logged out"])
})

await test("a handler that panics closes with 1011", async () => {
  assert.deepEqual(await closed(await open("/panic")), [1011, ""])
})

await test("a message beyond the limit is closed with 1009", async () => {
  const socket = await open("/echo")
  socket.on("error", () => {}) // what is still being sent is lost
  socket.send(Buffer.alloc(64 << 20))
  assert.equal((await closed(socket))[0], 1009)
})

await test("text that is not UTF-8 is closed with 1007", async () => {
  const socket = await open("/echo")
  socket.send(Buffer.from([0xff]), { binary: false })
  assert.equal((await closed(socket))[0], 1007)
})

await test("a subprotocol is the first that both have", async () => {
  const socket = await open("/protocols", ["v1", "v2"])
  assert.equal(socket.protocol, "v2")
  socket.terminate()
})

await test("messages are compressed when both sides want it", async () => {
  const socket = await open("/compressed", [], { perMessageDeflate: { threshold: 0 } })
  assert.match(socket.extensions, /permessage-deflate/)
  for (const text of ["", "a long text ".repeat(10_000)]) {
    const [data] = await ask(socket, text)
    assert.equal(data.toString(), text)
  }
  socket.close(1000)
  assert.deepEqual(await closed(socket), [1000, ""])
})

await test("nothing is compressed by default", async () => {
  const socket = await open("/echo", [], { perMessageDeflate: true })
  assert.equal(socket.extensions, "")
  socket.terminate()
})

await test("a foreign origin is refused with 403", async () => {
  assert.equal((await refused("/echo", { origin: "https://evil.example" })).statusCode, 403)
})

await test("another version is refused with the one that is spoken", async () => {
  const response = await refused("/echo", { protocolVersion: 8 })
  assert.equal(response.statusCode, 426)
  assert.equal(response.headers["sec-websocket-version"], "13")
})

await test("a path that is not there is a 404", async () => {
  assert.equal((await refused("/nowhere")).statusCode, 404)
})

// follow opens a WebSocket of the topic, whose records it keeps.
async function follow(query = "") {
  const socket = new WebSocket(`${address}/topic?${query}`)
  socket.records = []
  socket.ended = closed(socket)
  socket.on("message", (data) => socket.records.push(JSON.parse(data)))
  await until(() => socket.records.length > 0)
  return socket
}

await test("a topic's events are messages of a record each", async () => {
  const [ann, bob] = [await follow(), await follow()]
  assert.deepEqual(Object.keys(ann.records[0]), ["id", "retry"])
  for (let i = 0; i < 100; i++) ann.send(`message ${i}`)
  await until(() => ann.records.length > 100 && bob.records.length > 100)
  assert.deepEqual(bob.records, ann.records)
  assert.deepEqual(bob.records.slice(1).map((record) => record.data), [...Array(100).keys()].map((i) => `message ${i}`))
  for (const socket of [ann, bob]) socket.terminate()
})

await test("a client that was cut goes on where it was", async () => {
  const [ann, bob] = [await follow(), await follow()]
  ann.send("one")
  await until(() => bob.records.length > 1)
  bob.terminate()
  ann.send("two")
  ann.send("three")
  await until(() => ann.records.length > 3)
  const again = await follow(`last-event-id=${bob.records.at(-1).id}`)
  ann.send("four")
  await until(() => again.records.length > 3)
  assert.deepEqual(again.records.slice(1).map((record) => record.data), ["two", "three", "four"])
  for (const socket of [ann, again]) socket.terminate()
})

await test("a position that is in no log is a gap", async () => {
  const socket = await follow("last-event-id=x")
  await until(() => socket.records.length > 1)
  assert.equal(socket.records[1].type, "gap")
  assert.equal(socket.records[1].data.from, "x")
  socket.terminate()
})

await test("a client that is kicked is told so", async () => {
  const socket = await follow("key=me")
  socket.send("kick me")
  assert.deepEqual(await socket.ended, [1008, "kicked"])
})

await test("a topic that has ended says so", async () => {
  const socket = await follow()
  socket.send("close")
  assert.deepEqual(await socket.ended, [1000, ""])
  assert.equal(socket.records.at(-1).type, "end")
  const late = await follow(`last-event-id=${socket.records.at(-1).id}`)
  assert.deepEqual(await late.ended, [1000, ""])
  assert.equal(late.records.at(-1).type, "end")
})
