package store

// maxSeriesMarks bounds the series whose marks the writer keeps, about half a kilobyte each.
const maxSeriesMarks = 8192

// seriesMarks are the marks of a series' newest chunk and of its tail, gathered while rows were appended. They save closeChunk
// from reading all rows of the chunk again. What is forgotten, after a restart too, is read instead, with the same result.
// A change of rows other than at the end forgets them.
type seriesMarks struct {
	tail   []byte      // marks of the tail so far
	newest markedChunk // of the newest chunk; zero when not all of its marks were seen
}

type markedChunk struct {
	chunk
	marks []byte
}

// noteAppended keeps a row's place if it is to be a mark: row counts from 0, the first of the tail.
func (w *writer) noteAppended(series seriesID, row uint64, at *place) {
	step := uint64(w.s.options.markRows) //nolint:gosec // positive
	if row == 0 || row%step != 0 {
		return
	}

	m := w.s.marks[series]
	if m == nil {
		if row != step {
			return // the first ones were not seen
		}
		m = &seriesMarks{}
		w.s.rememberMarks(series, m)
	}

	size := series.size()
	if row == step {
		m.tail = m.tail[:0]
	}
	if seen := uint64(len(m.tail) / size); seen+1 == row/step { //nolint:gosec // positive
		m.tail = append(m.tail, at[:size]...)
	}
}

// noteClosed makes the tail's marks those of the newest chunk. It returns the chunk that was the newest until then, zero
// when its marks are not all known.
func (w *writer) noteClosed(series seriesID, closed chunk) (before markedChunk) {
	m := w.s.marks[series]
	if m == nil {
		return before
	}

	before = m.newest
	m.newest = markedChunk{}
	step := uint64(w.s.options.markRows)                                                        //nolint:gosec // positive
	if seen := uint64(len(m.tail) / series.size()); seen > 0 && seen == (closed.count-1)/step { //nolint:gosec // positive
		m.newest = markedChunk{closed, m.tail}
	}
	m.tail = nil
	return before
}

// rememberMarks keeps a series' marks. When there are too many an arbitrary one leaves.
func (s *Store) rememberMarks(series seriesID, m *seriesMarks) {
	if len(s.marks) >= maxSeriesMarks {
		for other := range s.marks {
			delete(s.marks, other)
			break
		}
	}
	s.marks[series] = m
}
