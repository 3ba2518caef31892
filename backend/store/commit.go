package store

import (
	"fmt"
	"maps"

	"spinscope/backend/market"
)

// maxCached is how many mints the writer keeps decoded, about a kilobyte each.
const maxCached = 8192

// Commit writes a commit and shows it to the readers. It returns ErrSeq when c.Seq is not the next number and
// ErrCommit when the commit cannot be stored as it is; both leave the store as it was. Any other error is final: the
// store takes no more commits until it is opened again, and then stands before this commit. The commit is only read,
// and not kept.
func (s *Store) Commit(c *market.Commit) (err error) {
	s.write.Lock()
	defer s.write.Unlock()

	if s.closed.Load() {
		return ErrClosed
	}
	if s.broken != nil {
		return fmt.Errorf("store stopped at an earlier failure: %w", s.broken)
	}
	if want := s.state.Seq + 1; c.Seq != want { // only Commit writes the state, so it may be read without mu here
		return fmt.Errorf("%w: %d where %d is due", ErrSeq, c.Seq, want)
	}

	if err := check(c); err != nil {
		return err
	}
	if s.options.ReadOnly {
		return s.rehearse(c)
	}
	if s.Gone() {
		return s.goneErr
	}

	defer func() {
		if err != nil {
			s.broken = err
		}
	}()
	defer rescue(&err, nil)

	w := s.newWriter(c)
	defer w.discard()

	if err := w.build(); err != nil {
		return fmt.Errorf("commit %d: %w", c.Seq, err)
	}
	if err := w.finish(); err != nil {
		return fmt.Errorf("commit %d: %w", c.Seq, err)
	}
	s.publish(w)
	return nil
}

// check refuses what could not be read back.
func check(c *market.Commit) error {
	for i := range c.Events {
		if c.Events[i].Body == nil {
			return fmt.Errorf("%w: event without a body", ErrCommit)
		}
	}
	for i := range c.Removed {
		if c.Removed[i].Body == nil {
			return fmt.Errorf("%w: removed event without a body", ErrCommit)
		}
	}
	for i := range c.Candles {
		if c.Candles[i].Interval >= market.NumStored {
			return fmt.Errorf("%w: candle of interval number %d", ErrCommit, c.Candles[i].Interval)
		}
	}
	return nil
}

// build puts all rows of the commit into the transaction.
func (w *writer) build() error {
	for i := range w.c.Removed {
		if err := w.removeEvent(&w.c.Removed[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Events {
		if err := w.addEvent(&w.c.Events[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Candles {
		if err := w.candle(&w.c.Candles[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Orders {
		if err := w.order(&w.c.Orders[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Tokens {
		if err := w.token(&w.c.Tokens[i]); err != nil {
			return err
		}
	}

	if len(w.c.OpenCandles) > 0 {
		w.markChanged()
	}
	for i := range w.c.OpenCandles {
		if err := w.makeDurable(&w.c.OpenCandles[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Gaps {
		if err := w.gap(w.c.Gaps[i]); err != nil {
			return err
		}
	}

	for i := range w.c.Reached {
		if err := w.reached(&w.c.Reached[i]); err != nil {
			return err
		}
	}

	return nil
}

// finish writes what sums the commit up, the state last, and makes it durable.
func (w *writer) finish() error {
	if err := w.writeMints(); err != nil {
		return err
	}
	if err := w.writeLog(); err != nil {
		return err
	}

	st, c := &w.state, w.c
	st.Seq = c.Seq
	if c.Slot != 0 {
		st.Slot = c.Slot
	}

	if c.ChainTime != 0 {
		st.ChainTime = c.ChainTime
	}
	if c.Checkpoint != 0 {
		st.Checkpoint = c.Checkpoint
	}

	if c.Replay != (market.Position{}) {
		st.Replay = c.Replay
	}
	return w.writeState(w.logCommit)
}

// writeMints writes the records of the mints that changed.
func (w *writer) writeMints() error {
	for _, m := range w.touched {
		m.unstored = false
		start := len(w.arena)
		w.arena = appendID(w.arena, tableMint, m.id)
		key := w.arena[start:]
		start = len(w.arena)
		w.arena = appendMint(w.arena, m)
		if err := w.put(key, w.arena[start:]); err != nil {
			return err
		}
	}
	return nil
}

// writeState writes the state, which ends the transaction, and makes it durable. meanwhile, which may be nil, runs while
// Badger writes.
func (w *writer) writeState(meanwhile func()) error {
	start := len(w.arena)
	w.arena = appendState(w.arena, &w.state)
	record := w.arena[start:]
	if err := w.put(keyState, record); err != nil {
		return err
	}
	if err := w.send(meanwhile); err != nil {
		return err
	}
	w.s.note(record, &w.state)
	return nil
}

// writeLog adds the commit to the log and takes out what has become too old.
func (w *writer) writeLog() error {
	row := logRow{late: w.late}
	for i := range w.c.Events {
		row.events = append(row.events, w.c.Events[i].Position)
	}

	if len(row.events) > 0 || len(row.late) > 0 {
		key := w.key(appendLogKey(w.tail(), w.c.Seq))
		start := len(w.arena)
		w.arena = appendLog(w.arena, &row)
		if err := w.put(key, w.arena[start:]); err != nil {
			return err
		}
	}

	length := market.Seq(w.s.options.LogLength) //nolint:gosec // positive
	const limit = 16                            // rows cut per commit, when the log was made shorter
	for n := 0; n < limit && w.state.logFrom+length <= w.c.Seq; n++ {
		if err := w.cutLog(w.state.logFrom); err != nil {
			return err
		}
		w.state.logFrom++
	}

	return nil
}

func (w *writer) cutLog(seq market.Seq) error {
	key := w.key(appendLogKey(w.tail(), seq))
	value, err := w.get(key)
	if err != nil || value == nil {
		return err
	}
	row, err := decodeLog(value)
	if err != nil {
		return err
	}
	for _, l := range row.late {
		if err := w.del(w.key(appendLateKey(w.tail(), l.id, l.interval, seq, l.time))); err != nil {
			return err
		}
	}
	return w.del(key)
}

// publish shows the commit to the readers.
func (s *Store) publish(w *writer) {
	s.mu.Lock()
	s.state = w.state
	for _, mint := range w.fresh {
		s.directory.add(mint)
	}

	for _, m := range w.touched {
		s.directory.update(m, w.state.Seq)
		s.directory.written[m.id-1] = w.at
	}

	maps.Copy(s.overlay, w.loaded)
	for i := range w.c.Candles {
		change := &w.c.Candles[i]
		open := s.overlay[w.candleIDs[i]]
		if change.Removed || change.Candle.Final {
			open.remove(change.Interval, change.Candle.Time)
		} else {
			open.set(change.Interval, openCandle{change.Candle, w.c.Seq})
		}
	}

	for _, mint := range w.c.Evicted {
		if id := s.directory.ids[mint]; w.mayLeave(id) {
			delete(s.overlay, id)
		}
	}

	for i := range w.c.Events {
		s.recent.add(&w.c.Events[i].Signature, w.c.Events[i].Slot)
	}
	s.mu.Unlock()
	s.discard(w.state.at())
}
