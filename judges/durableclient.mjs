// The client of Durable Streams reads and writes what package durable serves. Event
// streams and long polls end after a tenth of a second there.
import assert from "node:assert/strict"
import { DurableStream, IdempotentProducer, stream } from "@durable-streams/client"
import { base, test, until } from "./judging.mjs"

let streams = 0
const create = (contentType) =>
  DurableStream.create({ url: `${base}/v1/stream/${++streams}`, contentType, warnOnHttp: false })

for (const live of ["sse", "long-poll"]) {
  await test(`${live}: every message comes once, across the ends of the responses`, async () => {
    const room = await create("application/json")
    await room.append(JSON.stringify(0))
    const got = []
    const options = { url: room.url, offset: "-1", live, warnOnHttp: false }
    // Without this the client takes short event streams for a proxy's fault.
    const response = await stream({ ...options, sseResilience: { minConnectionDuration: 0 } })
    response.subscribeJson((batch) => { got.push(...batch.items) })
    for (let i = 1; i < 50; i++) {
      await room.append(JSON.stringify(i))
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 300)) // a response ends meanwhile
    }
    await room.close()
    await response.closed
    await until(() => got.length >= 50) // closed comes before the last batch
    assert.deepEqual(got, Array.from({ length: 50 }, (_, i) => i))
  })
}

await test("bytes come through an event stream as they were", async () => {
  const bytes = await create("application/octet-stream")
  const sent = Uint8Array.from({ length: 70_000 }, (_, i) => i * 7)
  await bytes.append(sent)
  await bytes.close()
  const response = await stream({ url: bytes.url, offset: "-1", live: "sse", warnOnHttp: false })
  const got = []
  response.subscribeBytes((chunk) => { got.push(...chunk.data) })
  await until(() => got.length >= sent.length)
  assert.deepEqual(Uint8Array.from(got), sent)
})

await test("a producer's appends are there once and in order, also those whose answers were lost", async () => {
  const room = await create("application/json")
  let answers = 0
  const losing = async (input, init) => { // every third answer is lost, and the request sent again
    if (++answers % 3 === 0) await fetch(input, init)
    return fetch(input, init)
  }
  const failures = []
  const producer = new IdempotentProducer(room, "p", { fetch: losing, maxBatchBytes: 20, onError: (error) => failures.push(error) })
  for (let i = 0; i < 40; i++) producer.append(JSON.stringify({ i }))
  await producer.flush()
  assert.deepEqual(failures, [])
  const response = await stream({ url: room.url, offset: "-1", live: false, warnOnHttp: false })
  assert.deepEqual((await response.json()).map(({ i }) => i), Array.from({ length: 40 }, (_, i) => i))
  assert.ok(answers > 10)
})

await test("who reads from an offset has what follows", async () => {
  const room = await create("text/plain")
  await room.append("before ")
  const { offset } = await room.head()
  await room.append("after")
  const response = await stream({ url: room.url, offset, live: false, warnOnHttp: false })
  assert.equal(await response.text(), "after")
})
