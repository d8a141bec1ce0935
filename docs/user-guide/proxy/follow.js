// follow opens an event stream, and opens it again after an answer that was no stream.
const follow = (url, onEvent, last = "") => {
  const source = new EventSource(url + "?" + new URLSearchParams({ "last-event-id": last }))
  source.onmessage = (event) => {
    last = event.lastEventId
    onEvent(event)
  }
  source.onerror = () => {
    if (source.readyState !== EventSource.CLOSED) return // the browser comes back by itself
    setTimeout(() => follow(url, onEvent, last), 1000 + 2000 * Math.random())
  }
}
