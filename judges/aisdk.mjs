// Has the AI SDK's chat, which is what useChat is without React, read bare's
// responses. Its argument is the server's address.
import assert from "node:assert/strict"
import { AbstractChat, DefaultChatTransport, readUIMessageStream } from "ai"
import { base, test, until } from "./judging.mjs"

// A chat that keeps its state in plain fields.
class Chat extends AbstractChat {
  constructor(path, options = {}) {
    const state = {
      status: "ready",
      error: undefined,
      messages: [],
      pushMessage(message) { this.messages.push(message) },
      popMessage() { this.messages.pop() },
      replaceMessage(index, message) { this.messages[index] = message },
      snapshot: structuredClone,
    }
    super({ state, transport: new DefaultChatTransport({ api: base + path }), ...options })
  }
  text() {
    return this.lastMessage.parts.filter((part) => part.type === "text").map((part) => part.text).join("")
  }
}

await test("a message is assembled from its parts", async () => {
  const chat = new Chat("/chat")
  await chat.sendMessage({ text: "Hi" })
  assert.equal(chat.error, undefined)
  assert.equal(chat.status, "ready")
  assert.equal(chat.messages.length, 2)
  assert.equal(chat.lastMessage.role, "assistant")
  assert.equal(chat.lastMessage.id, "m1")
  assert.equal(chat.text(), "Hello, streams!")
})

await test("the stream of messages grows part by part", async () => {
  const transport = new DefaultChatTransport({ api: base + "/chat" })
  const stream = await transport.sendMessages({ trigger: "submit-message", chatId: "c", messages: [] })
  const seen = new Set()
  for await (const message of readUIMessageStream({ stream })) {
    for (const part of message.parts) seen.add(part.text)
  }
  assert.ok(seen.has("Hello, "), [...seen].join("|"))
  assert.ok(seen.has("Hello, streams!"), [...seen].join("|"))
})

await test("what was asked comes back, whatever the letters", async () => {
  const chat = new Chat("/echo")
  const text = "Grüße, 世界 🎈\n\ndata: no field"
  await chat.sendMessage({ text })
  assert.equal(chat.error, undefined)
  assert.equal(chat.text(), text)
})

await test("an error's part is an error", async () => {
  const errors = []
  const chat = new Chat("/error", { onError: (error) => errors.push(error.message) })
  await chat.sendMessage({ text: "Hi" })
  assert.equal(chat.status, "error")
  assert.deepEqual(errors, ["the model is tired"])
})

await test("a client can stop a response that would not end", async () => {
  let finish
  const chat = new Chat("/endless", { onFinish: (finished) => { finish = finished } })
  const sent = chat.sendMessage({ text: "Hi" })
  await until(() => chat.messages.length === 2 && chat.text() === "wait")
  assert.equal(chat.status, "streaming")
  await chat.stop()
  await sent
  assert.equal(finish.isAbort, true)
  assert.equal(chat.text(), "wait")
})

await test("a response that failed is no complete message", async () => {
  let finish
  const chat = new Chat("/breaks", { onFinish: (finished) => { finish = finished } })
  await chat.sendMessage({ text: "Hi" })
  assert.equal(chat.status, "error")
  assert.equal(finish.isError || finish.isDisconnect, true)
  assert.equal(chat.text(), "half")
})
