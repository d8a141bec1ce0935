// fetchEventTarget dispatches a tick for each line of a stream, and close or error
// at its end.
function fetchEventTarget(url, init) {
  const target = new EventTarget()
  const dispatch = (type, data) => target.dispatchEvent(new MessageEvent(type, { data }))
  fetch(url, init)
    .then(async (response) => {
      if (!response.ok) throw new Error(await response.text())
      await response.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(jsonLines())
        .pipeTo(new WritableStream({ write: (value) => dispatch("tick", value) }))
    })
    .then(() => dispatch("close"), (error) => dispatch("error", error))
  return target
}

function jsonLines() {
  let rest = ""
  return new TransformStream({
    transform(text, controller) {
      const lines = (rest + text).split("\n")
      rest = lines.pop()
      lines.forEach((line) => controller.enqueue(JSON.parse(line)))
    },
  })
}
