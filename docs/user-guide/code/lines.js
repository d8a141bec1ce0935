import { lines } from "./streams.js"

const stream = lines("events", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ message: "hello" }),
})
for await (const line of stream) {
  console.log(line.time, line.message)
}
