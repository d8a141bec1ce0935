package smallgzip

// KeptOutput is how many bytes a Writer keeps for its next output.
func KeptOutput(w *Writer) int { return cap(w.bits.out) }
