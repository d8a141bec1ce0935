// streams.js reads event streams and JSON lines with fetch: any method, headers, a body.
//
//   import { events } from "./streams.js"
//   const stop = new AbortController()
//   for await (const event of events("prices", { signal: stop.signal })) {
//     console.log(event.id, event.type, event.data)
//   }
//
// The loop is over when the stream has reached its end (an event "done", a record "end", or status
// 204), and when the signal is aborted. What breaks before that is connected again, and goes on
// after the last id. What cannot be repaired is thrown, as a StreamError.

/**
 * What fetch takes, and these. Times are in milliseconds.
 * @typedef {object} OwnOptions
 * @property {HeadersInit | ((id: string) => any)} [headers] A function is called for each request.
 * @property {string} [lastEventId] The id to begin after. It is sent in the query, as last-event-id.
 * @property {number} [retry] 1000: the wait before a reconnect, until the server names another. Up to
 *   half of it is added at random, and it doubles while no answer comes, to 30 s.
 * @property {number} [silence] 45000: how long a connection may bring nothing. For lines: Infinity.
 * @property {boolean} [reconnect] Whether the request may be repeated. By default a GET for events may,
 *   one for records until the first has come, and any request that has an id to go on after.
 * @property {string} [end] "done" for events, "end" for records: the type that ends the stream.
 * @property {string} [failed] "failed": the type that says that the server gave up.
 * @property {(response: Response) => void} [onopen] Called when a stream begins.
 * @property {(error: StreamError, delay: number) => any} [onretry] Awaited before each reconnect.
 * @typedef {Omit<RequestInit, "headers"> & OwnOptions} StreamOptions
 * @typedef {{ id: string, type: string, data: string }} StreamEvent The id is the last that came.
 * @typedef {{ id?: string, type?: string, data?: any }} StreamRecord
 */

/** Why a stream was connected again, or why it ended too early. */
export class StreamError extends Error {
  name = "StreamError"
  /** @type {number | undefined} The response's status, if that is the reason. */
  status
  /** @type {any} The response's body then, or the data of an event "failed". */
  data
  /** Whether another try may succeed: after a cut, a silence, or a status from 500 on. */
  temporary = false
  /** The last id that came. Give it to the next stream as its lastEventId. */
  lastEventId = ""

  constructor(message, { cause = undefined, ...about }) {
    super(message, { cause })
    Object.assign(this, about)
  }
}

/** Yields the events of an event stream, "done" included.
 * @type {(url: string | URL, options?: StreamOptions) => AsyncGenerator<StreamEvent, void, void>} */
export const events = (url, options = {}) => follow(url, options, eventStream)

/** Yields records, lines like {"id":"7","type":"price","data":42}, "end" included.
 * @type {(url: string | URL, options?: StreamOptions) => AsyncGenerator<StreamRecord, void, void>} */
export const records = (url, options = {}) => follow(url, options, recordLines)

/** Yields the values of JSON lines of any shape, from one request. It is over when the response is.
 * @type {(url: string | URL, options?: StreamOptions) => AsyncGenerator<any, void, void>} */
export const lines = (url, options = {}) => follow(url, { ...options, reconnect: false }, anyLines)

const eventStream = { accept: "text/event-stream", type: /^text\/event-stream\b/i, end: "done", parser: eventParser }
const recordLines = { accept: "application/x-ndjson", type: /json/i, end: "end", parser: () => parseJSON }
const anyLines = { accept: "application/x-ndjson, */*;q=0.5", type: /^/, end: null, parser: () => parseJSON }
const longest = 2 ** 31 - 1 // a timer that is to wait longer fires at once

// follow makes one request after the other, until the stream has reached its end.
async function* follow(url, options, format) {
  const { signal, end = format.end, failed = "failed" } = options
  const state = { id: options.lastEventId ?? "", retry: options.retry ?? 1000, failures: 0, begun: false, over: false }
  while (!signal?.aborted) {
    let error = new StreamError(`The stream ended without "${end}"`, { temporary: true })
    try {
      for await (const event of connect(url, options, format, state)) {
        const { id, type, data } = format === anyLines ? {} : Object(event)
        state.id = String(id ?? state.id)
        if (type === failed) throw new StreamError(`The server failed: ${data?.message ?? data}`, { data })
        state.begun = true
        yield event
        if (type === end || signal?.aborted) return
      }
      if (state.over || format === anyLines) return
    } catch (thrown) {
      error = thrown
    }
    if (signal?.aborted) return
    if (error instanceof StreamError) error.lastEventId = state.id
    if (!error?.temporary || !mayRepeat(options, format, state)) throw error
    const grown = Math.max(state.retry, 100) * 2 ** state.failures++
    const delay = Math.min(grown, Math.max(state.retry, 30_000)) * (1 + Math.random() / 2)
    await options.onretry?.(error, delay)
    if (!signal?.aborted) await sleep(Math.min(delay, longest), signal)
  }
}

// A POST that is repeated may do again what it asks for, unless an id says where to go on.
const mayRepeat = ({ reconnect, method = "GET" }, format, { id, begun }) =>
  reconnect ?? (id !== "" || (method.toUpperCase() === "GET" && (format === eventStream || !begun)))

const sleep = (delay, signal) => new Promise((wake) => {
  setTimeout(wake, delay)
  signal?.addEventListener("abort", wake, { signal: AbortSignal.timeout(delay) }) // no listener stays
})

// connect makes one request, and yields what its response holds. Leaving it ends the request.
async function* connect(url, options, format, state) {
  const { signal, silence = format === anyLines ? Infinity : 45_000 } = options
  const controller = new AbortController()
  const stop = () => controller.abort(signal.reason)
  const within = async (promise) => {
    const silent = () => controller.abort(new Error(`nothing came for ${silence} ms`))
    const timer = setTimeout(silent, Math.min(silence, longest))
    try {
      return await promise
    } catch (cause) {
      throw new StreamError(`The connection broke: ${cause?.message ?? cause}`, { cause, temporary: true })
    } finally {
      clearTimeout(timer)
    }
  }
  signal?.addEventListener("abort", stop)
  try {
    const request = await newRequest(url, options, format, state.id, controller.signal)
    const response = await within(fetch(request))
    const { status } = response
    state.over = status === 204
    if (state.over) return
    const type = response.headers.get("content-type") ?? ""
    if (!response.ok) {
      const data = await within(response.text())
      const said = type.startsWith("text/plain") ? `: ${data.trim()}` : "" // and not a proxy's page
      throw new StreamError(`The server answered ${status}${said}`, { status, data, temporary: status >= 500 })
    }
    if (!format.type.test(type)) throw new StreamError(`"${type}" is not ${format.accept}`, { status })
    state.failures = 0
    options.onopen?.(response)
    const reader = response.body.getReader()
    yield* decode(() => within(reader.read()), format.parser(state), format === anyLines)
  } finally {
    signal?.removeEventListener("abort", stop)
    controller.abort()
  }
}

// The id is in the query: as a header it costs a preflight if the server has another origin. Mistakes
// of the program are thrown by new Request, so that all that fetch throws is the network's.
async function newRequest(url, options, format, id, signal) {
  const target = new URL(url, globalThis.document?.baseURI ?? globalThis.location?.href)
  const pairs = target.search.slice(1).split("&").filter((pair) => pair && !pair.startsWith("last-event-id="))
  if (id) target.search = [...pairs, "last-event-id=" + encodeURIComponent(id)].join("&")
  const headers = new Headers(typeof options.headers === "function" ? await options.headers(id) : options.headers)
  if (!headers.has("accept")) headers.set("accept", format.accept)
  return new Request(target, { cache: "no-store", ...options, headers, signal })
}

// decode yields what the lines mean. A CR ends its line at once: an LF that belongs to it may come later.
async function* decode(read, parse, keepLast) {
  const decoder = new TextDecoder() // it drops a byte-order mark
  let [rest, afterCR, done] = ["", false, false]
  while (!done) {
    const chunk = await read()
    done = chunk.done
    const text = decoder.decode(chunk.value, { stream: !done })
    const found = text.slice(afterCR && text[0] === "\n" ? 1 : 0).split(/\r\n|\n|\r/)
    if (text !== "") afterCR = text.endsWith("\r")
    found[0] = rest + found[0]
    rest = found.pop()
    for (const line of done && keepLast ? [...found, rest] : found) {
      const value = parse(line)
      if (value !== undefined) yield value
    }
  }
}

// HTML, 9.2.6. An id counts when its event is complete. As in browsers, it lasts longer than the connection.
function eventParser(state) {
  let [type, data, id] = ["", "", state.id]
  return (line) => {
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)
    if (field === "event") type = value
    if (field === "data") data += value + "\n"
    if (field === "id" && !value.includes("\0")) id = value
    if (field === "retry" && /^\d+$/.test(value)) state.retry = Number(value)
    if (line !== "") return undefined
    state.id = id
    const event = data === "" ? undefined : { id, type: type || "message", data: data.slice(0, -1) }
    type = data = ""
    return event
  }
}

function parseJSON(line) {
  try {
    return line.trim() === "" ? undefined : JSON.parse(line)
  } catch (cause) {
    throw new StreamError(`A line is not JSON: ${line.slice(0, 100)}`, { cause })
  }
}
