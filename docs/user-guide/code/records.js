// docs:start records
// follow calls onrecord with each event of a topic, and with "gap", "end" and "failed".
function follow(path, onrecord) {
  let last = "", wait = 3000

  const connect = () => {
    const address = new URL(path, location.href)
    address.protocol = address.protocol.replace("http", "ws")
    if (last !== "") address.searchParams.set("last-event-id", last)
    const socket = new WebSocket(address)
    let silence

    socket.onmessage = (event) => {
      clearTimeout(silence)
      silence = setTimeout(() => socket.close(), 45_000) // three keep-alives are missing
      const record = JSON.parse(event.data)
      last = record.id ?? last
      wait = record.retry ?? wait
      if ("data" in record) onrecord(record)
    }
    socket.onclose = ({ code }) => {
      clearTimeout(silence)
      if (code !== 1000) setTimeout(connect, wait)
    }
  }
  connect()
}
// docs:end records

export { follow }
