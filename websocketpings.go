package bare

import (
	"context"
	"time"
)

// The opcodes of the control frames that are written here (RFC 6455, section 5.5). The
// library writes its own with a limit of five seconds, after which it closes the
// connection: a client may take longer to read what comes before.
const (
	finalClose = 0x80 | 0x8
	finalPing  = 0x80 | 0x9
	finalPong  = 0x80 | 0xA
)

// unlock lets others write, when the latest ping was answered that has come meanwhile
// (RFC 6455, section 5.5.3).
func (s *WebSocket) unlock() {
	s.writePong()
	s.gate.unlock()
	if s.pong.Load() != nil && s.gate.tryLock() { // it came in between
		s.unlock()
	}
}

// pinged is called by the library, in the goroutine that reads, which must not wait for
// a client that does not read: another one writes the pong. It returns false, as the
// answer is ours.
func (s *WebSocket) pinged(_ context.Context, payload []byte) bool {
	pong := append([]byte{finalPong, byte(len(payload))}, payload...) //nolint:gosec // a control frame has 125 bytes at most
	s.pong.Store(&pong)
	if s.gate.tryLock() {
		go s.unlock()
	}
	return false
}

func (s *WebSocket) writePong() {
	if pong := s.pong.Swap(nil); pong != nil && s.Err() == nil {
		s.writeFrame(*pong)
	}
}

// keepAlive sends a ping, unless a message is being written, and again after a while.
func (s *WebSocket) keepAlive() {
	if s.gate.tryLock() {
		if s.Err() == nil {
			s.writeFrame([]byte{finalPing, 0})
		}
		s.unlock()
	}
	s.schedulePing()
}

func (s *WebSocket) schedulePing() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.options.PingInterval > 0 && s.err == nil {
		s.pings = time.AfterFunc(s.options.PingInterval, s.keepAlive)
	}
}

// writeFrame writes a control frame. The caller holds the gate. A failure may be the only
// sign of a client that is gone, if a message waits and so nobody reads.
func (s *WebSocket) writeFrame(frame []byte) {
	if _, err := s.wire.Write(frame); err != nil {
		s.writeFailed()
	}
}
