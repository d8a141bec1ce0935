// Has AG-UI's client run agents that bare serves. Its argument is the server's
// address.
import assert from "node:assert/strict"
import { HttpAgent } from "@ag-ui/client"
import { base, stray, test, until } from "./judging.mjs"

function newAgent(path) {
  return new HttpAgent({
    url: base + path,
    threadId: "thread-1",
    initialMessages: [{ id: "u1", role: "user", content: "Hi" }],
  })
}

await test("a run's messages are assembled from its events", async () => {
  const agent = newAgent("/agent")
  const types = []
  const deltas = []
  const { newMessages } = await agent.runAgent({ runId: "run-1" }, {
    onEvent: ({ event }) => { types.push(event.type) },
    onTextMessageContentEvent: ({ event }) => { deltas.push(event.delta) },
  })
  assert.deepEqual(types, [
    "RUN_STARTED", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_FINISHED",
  ])
  assert.deepEqual(deltas, ["Hello, ", "streams!"])
  assert.equal(newMessages.length, 1)
  assert.equal(newMessages[0].id, "m1")
  assert.equal(newMessages[0].role, "assistant")
  assert.equal(newMessages[0].content, "Hello, streams!")
  assert.equal(agent.messages.length, 2)
})

await test("an error's event is an error", async () => {
  const errors = []
  await newAgent("/error").runAgent({}, {
    onRunErrorEvent: ({ event }) => { errors.push(event.message) },
  }).catch(() => {})
  assert.deepEqual(errors, ["the agent is tired"])
})

await test("a client can abort a run that would not end", async () => {
  const agent = newAgent("/endless")
  let finished = false
  await agent.runAgent({}, {
    onTextMessageContentEvent: () => { agent.abortRun() },
    onRunFinishedEvent: () => { finished = true },
  })
  assert.equal(finished, false)
})

await test("a response that failed is no finished run", async () => {
  const agent = newAgent("/breaks")
  let failure
  let finished = false
  await assert.rejects(agent.runAgent({}, {
    onRunFailed: ({ error }) => { failure = error },
    onRunFinishedEvent: () => { finished = true },
  }))
  assert.ok(failure instanceof Error)
  assert.equal(finished, false)
  // The client tells its caller, and leaves another promise to fail by itself.
  await until(() => stray.length > 0)
  assert.equal(stray.pop().message, "terminated")
})
