package recording

import (
	"bufio"
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"spinscope/backend/market"
)

// memory is how many bytes of events are sorted at once.
const memory = 16 << 20

// temporary is what a sorter's file is called.
const temporary = ".spinscope-events-*"

// Clean removes the temporary files in dir that sorters of killed processes left. One that is in use is either kept by the system, as
// on Windows, or stays readable to whom it belongs.
func Clean(dir string) {
	files, _ := os.ReadDir(dir) // without a directory nothing was left
	for _, file := range files {
		if left, _ := filepath.Match(temporary, file.Name()); left {
			_ = os.Remove(filepath.Join(dir, file.Name()))
		}
	}
}

// Sorter takes events in any order and gives them back in the chain's.
type Sorter struct {
	dir    string
	memory int
	data   []byte
	places []place
	file   *os.File
	runs   []*io.SectionReader
	size   int64
	events int64
}

// place is where a record lies in data.
type place struct{ from, to int }

// New makes an empty sorter. Its temporary file, if it needs one, is made in dir.
func New(dir string) *Sorter { return &Sorter{dir: dir, memory: memory} }

// Len is how many events were added.
func (t *Sorter) Len() int64 { return t.events }

// Close removes the temporary file.
func (t *Sorter) Close() error {
	if t.file == nil {
		return nil
	}
	err := t.file.Close()
	if removing := os.Remove(t.file.Name()); err == nil && !errors.Is(removing, fs.ErrNotExist) {
		err = removing
	}
	t.file = nil
	return err
}

// Add records an event. Its owner and the time it was received at are not kept.
func (t *Sorter) Add(e *market.Event) error {
	from := len(t.data)
	t.data = appendRecord(t.data, e)
	t.places = append(t.places, place{from, len(t.data)})
	t.events++
	if len(t.data) < t.memory {
		return nil
	}
	return t.spill()
}

// record is a record's bytes in data.
func (t *Sorter) record(p place) []byte { return t.data[p.from:p.to] }

func (t *Sorter) sort() {
	slices.SortFunc(t.places, func(a, b place) int { return bytes.Compare(key(t.record(a)), key(t.record(b))) })
}

// spill writes what is in memory to the file, sorted.
func (t *Sorter) spill() error {
	if t.file == nil {
		file, err := os.CreateTemp(t.dir, temporary)
		if err != nil {
			return fmt.Errorf("sort events: %w", err)
		}
		t.file = file
		// Its name is not needed: without one it is gone at the end of the process, however that ends. Windows keeps the
		// name of an open file; there Clean removes what a killed process left.
		_ = os.Remove(file.Name())
	}

	t.sort()
	out := bufio.NewWriterSize(io.NewOffsetWriter(t.file, t.size), 1<<20)
	written := int64(0)
	for _, p := range t.places {
		_, _ = out.Write(t.record(p)) // the error stays until Flush
		written += int64(p.to - p.from)
	}

	if err := out.Flush(); err != nil {
		return fmt.Errorf("sort events: %w", err)
	}
	t.runs = append(t.runs, io.NewSectionReader(t.file, t.size, written))
	t.size += written
	t.data, t.places = t.data[:0], t.places[:0]
	return nil
}

// Transactions gives the recorded events as transactions in the order of the chain, with the events of each by ordinal.
// It can be called again. It stops at the first error of fn, and at the end of ctx with its cause.
func (t *Sorter) Transactions(ctx context.Context, fn func(market.Transaction) error) error {
	if t.file != nil && len(t.data) > 0 { // the last events follow the others, so that their memory is free for what fn does
		if err := t.spill(); err != nil {
			return err
		}
		t.data, t.places = nil, nil
	}

	t.sort()
	merged := &merge{}
	memory := &source{}
	for _, p := range t.places {
		memory.left = append(memory.left, t.record(p))
	}

	sources := []*source{memory}
	for _, run := range t.runs {
		sources = append(sources, &source{file: bufio.NewReaderSize(io.NewSectionReader(run, 0, run.Size()), 64<<10)})
	}

	for _, s := range sources {
		switch err := s.next(); {
		case err == nil:
			*merged = append(*merged, s)
		case !errors.Is(err, io.EOF):
			return fmt.Errorf("read sorted events: %w", err)
		}
	}

	heap.Init(merged)
	var tx market.Transaction
	var last []byte
	for len(*merged) > 0 {
		s := (*merged)[0]
		if !bytes.Equal(key(s.record), last) { // else it was there twice
			last = append(last[:0], key(s.record)...)
			e, err := readRecord(s.record)
			if err != nil {
				return err
			}

			if len(tx.Events) > 0 && (tx.Signature != e.Signature || tx.Slot != e.Slot || tx.Index != e.Index) {
				if err := fn(tx); err != nil {
					return err
				}
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				tx = market.Transaction{}
			}

			if len(tx.Events) == 0 {
				tx = market.Transaction{Signature: e.Signature, Slot: e.Slot, Index: e.Index}
			}

			// Two halves of a transaction may have been exported before and after its time was known.
			if len(tx.Events) == 0 || tx.Provisional && !e.Provisional {
				tx.BlockTime, tx.Provisional = e.BlockTime, e.Provisional
			}
			tx.Events = append(tx.Events, e)
			for i := range tx.Events {
				tx.Events[i].BlockTime, tx.Events[i].Provisional = tx.BlockTime, tx.Provisional
			}
		}

		switch err := s.next(); {
		case err == nil:
			heap.Fix(merged, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(merged)
		default:
			return fmt.Errorf("read sorted events: %w", err)
		}
	}

	if len(tx.Events) > 0 {
		return fn(tx)
	}
	return nil
}

// source is one sorted run.
type source struct {
	left   [][]byte      // in memory,
	file   *bufio.Reader // or in the file
	record []byte
}

// next moves to the next record; io.EOF after the last.
func (s *source) next() error {
	if s.file == nil {
		if len(s.left) == 0 {
			return io.EOF
		}
		s.record, s.left = s.left[0], s.left[1:]
		return nil
	}
	head, err := s.file.Peek(headSize)
	if err != nil {
		return err
	}
	size := headSize + int(binary.BigEndian.Uint32(head[headSize-4:]))
	s.record = slices.Grow(s.record[:0], size)[:size]
	_, err = io.ReadFull(s.file, s.record)
	return err
}

// merge is a heap of runs by their current record.
type merge []*source

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return bytes.Compare(key(m[i].record), key(m[j].record)) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }

// Push implements heap.Interface.
func (m *merge) Push(s any) { *m = append(*m, s.(*source)) }

// Pop implements heap.Interface.
func (m *merge) Pop() any {
	last := len(*m) - 1
	s := (*m)[last]
	*m = (*m)[:last]
	return s
}
