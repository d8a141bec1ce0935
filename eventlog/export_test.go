package eventlog

// Blocks returns how many records and slots each block of a log has.
func (m *Memory) Blocks() (records, slots []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, b := range m.records.blocks {
		records = append(records, b.count)
		slots = append(slots, len(b.slots))
	}
	return records, slots
}

// BlockSize is how many slots a block has.
const BlockSize = blockSize
