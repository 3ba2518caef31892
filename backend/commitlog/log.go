package commitlog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"

	"spinscope/backend/market"
)

// OlderError says that commits are not in the log: those before Oldest.
type OlderError struct {
	From   market.Seq // the first that was asked for
	Oldest market.Seq // the oldest that is held or, when none is, the next to come
}

// Error implements error.
func (e *OlderError) Error() string {
	return fmt.Sprintf("commit %d is older than the commit log, which begins at %d", e.From, e.Oldest)
}

// Options say what an opened log must be of.
type Options struct {
	Dir      string // must be there
	Identity [identitySize]byte
	Newest   market.Seq   // the store's newest commit: what is beyond it was never committed
	Logger   *slog.Logger // nil is silent
}

const (
	segmentsOfLimit = 8         // a segment is as large as this part of the limit,
	minSegment      = 128 << 10 // but not smaller, in bytes
	readBatch       = 256 << 10 // bytes read at once, or one commit
	keepBuffer      = 1 << 20   // bytes of memory kept for the next commit
)

// Log is an open log.
type Log struct {
	dir      string
	identity [identitySize]byte
	log      *slog.Logger

	// of the goroutine that appends
	file   *os.File // the newest segment's; nil when the next commit begins one
	buffer []byte
	failed bool // the last append failed, which was logged

	mu       sync.Mutex // guards:
	segments []*segment // oldest first, none empty
	oldest   market.Seq // readable from here on
	next     market.Seq // the seq after the newest
	size     int64      // of all segments, bytes

	files sync.RWMutex // held for reading while a file is read, else for removing files
}

// Open opens the log in a directory and makes it fit the store: what is not of this store, damaged, never committed or not
// connected to its newest commit is removed.
func Open(o Options) (*Log, error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	l := &Log{dir: o.Dir, identity: o.Identity, log: log.With("component", "commit log"), next: o.Newest + 1}

	found, err := l.find()
	if err != nil {
		return nil, err
	}

	for _, first := range slices.Backward(found) {
		if err := l.take(first); err != nil {
			return nil, err
		}
	}

	l.oldest = l.next
	if len(l.segments) > 0 {
		l.oldest = l.segments[0].first
	}
	return l, nil
}

// find lists the segments' first seqs, lowest first.
func (l *Log) find() (firsts []market.Seq, err error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, fmt.Errorf("list commit log: %w", err)
	}
	for _, entry := range entries {
		if first, ok := firstOf(entry.Name()); ok {
			firsts = append(firsts, first)
		}
	}
	slices.Sort(firsts)
	return firsts, nil
}

// take takes in a segment that stands before those taken in already, or removes its file when it does not connect to them.
func (l *Log) take(first market.Seq) error {
	name := segmentName(l.dir, first)
	data, err := os.ReadFile(name) //nolint:gosec // the log's own directory
	if err != nil {
		return fmt.Errorf("read commit log: %w", err)
	}

	due := l.next // what the segment must lead to
	if len(l.segments) > 0 {
		due = l.segments[0].first
	}
	s := survey(data, first, l.identity)
	if due > 0 {
		s.cut(due - 1)
	}

	if len(s.starts) == 0 || s.next() != due {
		if err := os.Remove(name); err != nil {
			return fmt.Errorf("remove what does not belong to the commit log: %w", err)
		}
		return nil
	}

	if s.size < int64(len(data)) {
		if err := os.Truncate(name, s.size); err != nil {
			return fmt.Errorf("cut commit log: %w", err)
		}
	}

	l.segments = slices.Insert(l.segments, 0, s)
	l.size += s.size
	return nil
}

// Oldest is the oldest commit held or, when none is, the next to come.
func (l *Log) Oldest() market.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.oldest
}

// Size is what the log takes on the disk, in bytes.
func (l *Log) Size() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// Append adds a commit, which encode appends to a buffer, and takes out the oldest while the log is larger than limit bytes.
// Every seq that is not the one after the last begins the log anew, as does a failure, which is logged.
func (l *Log) Append(seq market.Seq, limit int64, encode func(dst []byte) []byte) {
	err := l.append(seq, limit, encode)
	if err != nil {
		if !l.failed {
			l.log.Error("commit not logged: readers that are behind will miss it", "seq", seq, "err", err)
		}
		l.forget(seq + 1)
	}
	l.failed = err != nil
}

func (l *Log) append(seq market.Seq, limit int64, encode func(dst []byte) []byte) error {
	if l.next != seq { // only this goroutine changes it
		l.forget(seq)
	}
	record := encode(beginRecord(l.buffer[:0], seq))
	if cap(record) <= keepBuffer {
		l.buffer = record
	}

	if len(record)-recordHeader > maxPayload {
		return fmt.Errorf("commit of %d bytes", len(record))
	}
	endRecord(record)

	newest, err := l.segment(seq, int64(len(record)), limit)
	if err != nil {
		return err
	}
	if _, err := l.file.Write(record); err != nil {
		return fmt.Errorf("write commit log: %w", err)
	}

	l.mu.Lock()
	newest.starts = append(newest.starts, uint32(newest.size)) //nolint:gosec // a segment is smaller than 4 GB
	newest.size += int64(len(record))
	if len(newest.starts) == 1 {
		l.segments = append(l.segments, newest)
		l.size += int64(segmentHeader)
	}

	l.size += int64(len(record))
	l.next = seq + 1
	l.mu.Unlock()
	return l.shrink(limit)
}

// segment is where a record of some bytes goes. A new one is not among the segments before it holds a record.
func (l *Log) segment(seq market.Seq, length, limit int64) (*segment, error) {
	if n := len(l.segments); n > 0 {
		newest := l.segments[n-1]
		if newest.size+length <= max(limit/segmentsOfLimit, minSegment) {
			return newest, l.reopen(newest)
		}
	}

	if err := l.closeFile(); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(segmentName(l.dir, seq), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("begin a file of the commit log: %w", err)
	}

	l.file = file
	if _, err := file.Write(appendHeader(nil, l.identity)); err != nil {
		return nil, fmt.Errorf("write commit log: %w", err)
	}
	return &segment{first: seq, size: int64(segmentHeader)}, nil
}

// reopen opens the newest segment of a log that was just opened.
func (l *Log) reopen(s *segment) (err error) {
	if l.file != nil {
		return nil
	}
	if l.file, err = os.OpenFile(segmentName(l.dir, s.first), os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return fmt.Errorf("open commit log: %w", err)
	}
	return nil
}

// shrink removes the oldest segments while the log is too large. The newest stays.
func (l *Log) shrink(limit int64) error {
	for {
		l.mu.Lock()
		if l.size <= limit || len(l.segments) < 2 {
			l.mu.Unlock()
			return nil
		}
		old := l.segments[0]
		l.segments = slices.Delete(l.segments, 0, 1)
		l.size -= old.size
		l.oldest = max(l.oldest, l.segments[0].first)
		l.mu.Unlock()

		if err := l.remove(old.first); err != nil {
			return err
		}
	}
}

// forget empties the log; it goes on with a seq.
func (l *Log) forget(next market.Seq) {
	err := l.closeFile()
	l.mu.Lock()
	l.segments, l.size, l.oldest, l.next = nil, 0, next, next
	l.mu.Unlock()

	found, listErr := l.find()
	for _, first := range found {
		err = errors.Join(err, l.remove(first))
	}
	if err = errors.Join(err, listErr); err != nil && !l.failed {
		l.log.Warn("commit log not emptied", "err", err) // the next opening does
	}
}

// remove deletes a segment's file once nobody reads it.
func (l *Log) remove(first market.Seq) error {
	l.files.Lock()
	defer l.files.Unlock()
	if err := os.Remove(segmentName(l.dir, first)); err != nil {
		return fmt.Errorf("remove from commit log: %w", err)
	}
	return nil
}

func (l *Log) closeFile() error {
	file := l.file
	if l.file = nil; file == nil {
		return nil
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("close commit log: %w", err)
	}
	return nil
}

// Close ends the appending.
func (l *Log) Close() error { return l.closeFile() }

// Read calls fn with the commits from..to that are held, in order, until fn fails, whose error it returns. It returns an
// OlderError when the first of them is not held, or not any more when its turn comes. The payload is fn's alone while it runs.
func (l *Log) Read(ctx context.Context, from, to market.Seq, fn func(seq market.Seq, payload []byte) error) error {
	var buffer []byte
	for from <= to {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		data, err := l.read(buffer, from, to)
		if err != nil || data == nil {
			return err
		}

		buffer = data
		for len(data) > 0 {
			seq, payload, rest, ok := readRecord(data)
			if !ok || seq != from {
				return l.damaged(from)
			}
			if err := fn(seq, payload); err != nil {
				return err
			}
			data, from = rest, from+1
		}
	}

	return nil
}

// read reads records from a seq on, as many as are read at once; none when the log does not reach so far.
func (l *Log) read(buffer []byte, from, to market.Seq) ([]byte, error) {
	l.mu.Lock()
	if from < l.oldest {
		defer l.mu.Unlock()
		return nil, &OlderError{From: from, Oldest: l.oldest}
	}
	if from >= l.next {
		l.mu.Unlock()
		return nil, nil
	}

	i := len(l.segments) - 1
	for l.segments[i].first > from {
		i--
	}

	s := l.segments[i]
	first := int(from - s.first) //nolint:gosec // below len(starts)
	begin, last := int64(s.starts[first]), first
	for last+1 < len(s.starts) && s.first+market.Seq(last) < to && s.end(last+1)-begin <= readBatch { //nolint:gosec // not negative
		last++
	}

	end, name := s.end(last), segmentName(l.dir, s.first)
	l.files.RLock() // before mu is given back, so that the file is not removed
	l.mu.Unlock()
	defer l.files.RUnlock()

	if need := int(end - begin); cap(buffer) < need {
		buffer = make([]byte, need)
	}
	buffer = buffer[:end-begin]
	file, err := os.Open(name) //nolint:gosec // the log's own directory
	if err == nil {
		_, err = file.ReadAt(buffer, begin)
		err = errors.Join(err, file.Close())
	}

	if err != nil {
		l.log.Error("commit log cannot be read", "seq", from, "err", err)
		return nil, l.lose(from)
	}
	return buffer, nil
}

// damaged gives up a record, and all before it.
func (l *Log) damaged(seq market.Seq) error {
	l.log.Error("commit log is damaged: readers that are behind miss what is older", "seq", seq)
	return l.lose(seq)
}

// lose makes the log begin after a seq.
func (l *Log) lose(seq market.Seq) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.oldest = max(l.oldest, min(seq+1, l.next))
	return &OlderError{From: seq, Oldest: l.oldest}
}
