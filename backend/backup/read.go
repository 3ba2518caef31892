package backup

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"

	"spinscope/backend/store"
	"spinscope/backend/zstd"
)

// What is taken for a row at most, in bytes.
const (
	maxKey   = 1 << 10
	maxValue = 1 << 30
)

// reader reads a backup row by row.
type reader struct {
	header Header
	head   []byte        // as it stands in the file
	from   *bufio.Reader // unpacked
	sum    hash.Hash
	rows   uint64
	row    []byte // as it was written
	done   func()
}

func newReader(r io.Reader) (*reader, error) {
	header, raw, err := readHeader(r)
	if err != nil {
		return nil, err
	}

	unpacked, done, err := zstd.NewReader(r)
	if err != nil {
		return nil, err
	}
	out := &reader{header: header, head: raw, from: bufio.NewReaderSize(unpacked, 1<<18), sum: sha256.New(), done: done}
	_, _ = out.sum.Write(raw)
	return out, nil
}

// next gives the next row, which is valid until it is called again; false at the end, when all of it matched its checksum.
func (r *reader) next() (row store.Row, more bool, err error) {
	r.row = r.row[:0]
	keyLength, err := r.number()
	if err != nil {
		return row, false, err
	}
	if keyLength == 0 {
		return row, false, r.end()
	}

	keyAt := len(r.row)
	if err := r.bytes(keyLength, maxKey); err != nil {
		return row, false, err
	}
	valueLength, err := r.number()
	if err != nil {
		return row, false, err
	}
	valueAt := len(r.row)
	if err := r.bytes(valueLength, maxValue); err != nil {
		return row, false, err
	}
	valueEnd := len(r.row)
	if row.Version, err = r.number(); err != nil {
		return row, false, err
	}

	_, _ = r.sum.Write(r.row)
	r.rows++
	row.Key, row.Value = r.row[keyAt:keyAt+int(keyLength)], r.row[valueAt:valueEnd] //nolint:gosec // bounded
	return row, true, nil
}

// end reads what follows the last row.
func (r *reader) end() error {
	rows, err := r.number()
	if err != nil {
		return err
	}
	var want [sha256.Size]byte
	if _, err := io.ReadFull(r.from, want[:]); err != nil {
		return r.failed(err)
	}
	if rows != r.rows || !bytes.Equal(r.sum.Sum(nil), want[:]) {
		return ErrDamaged
	}

	if _, err := r.from.ReadByte(); !errors.Is(err, io.EOF) { // also asks for the checksum of the last frame
		if err != nil {
			return r.failed(err)
		}
		return fmt.Errorf("%w: something follows its end", ErrDamaged)
	}
	return nil
}

func (r *reader) number() (uint64, error) {
	n, err := binary.ReadUvarint(r.from)
	if err != nil {
		return 0, r.failed(err)
	}
	r.row = binary.AppendUvarint(r.row, n)
	return n, nil
}

// bytes reads n bytes into the row, a part at a time: a damaged length must not take the memory that it names.
func (r *reader) bytes(n, limit uint64) error {
	if n > limit {
		return ErrDamaged
	}
	const part = 1 << 16
	for n > 0 {
		at, size := len(r.row), int(min(n, part)) //nolint:gosec // bounded
		r.row = append(r.row, make([]byte, size)...)
		if _, err := io.ReadFull(r.from, r.row[at:]); err != nil {
			return r.failed(err)
		}
		n -= uint64(size) //nolint:gosec // not negative
	}
	return nil
}

// failed says what it means that no more could be read. The library's own errors are about damaged data.
func (r *reader) failed(err error) error {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrCut
	case errors.Is(err, errReading):
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// errReading marks errors of the file itself, which say nothing about what it holds.
var errReading = errors.New("read backup")

type marking struct{ r io.Reader }

// Read implements io.Reader.
func (m marking) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("%w: %w", errReading, err)
	}
	return n, err
}

// ReadHeader reads what a backup says of itself, which its own checksum covers; nothing of the rows is looked at.
func ReadHeader(r io.Reader) (Header, error) {
	header, _, err := readHeader(r)
	return header, err
}

// Peek is ReadHeader for what cannot be read twice: head gives what was read once more.
func Peek(r io.Reader) (h Header, head io.Reader, err error) {
	h, raw, err := readHeader(r)
	return h, bytes.NewReader(raw), err
}

// Check reads a backup to its end and compares it with its checksum. progress, which may be nil, is told the rows so far, now and then.
func Check(ctx context.Context, r io.Reader, progress func(rows uint64)) (s Summary, err error) {
	in, err := newReader(marking{r})
	if err != nil {
		return s, err
	}
	defer in.done()

	s.Header, s.head = in.header, in.head
	for {
		if in.rows%progressEvery == 0 {
			if ctx.Err() != nil {
				return s, context.Cause(ctx)
			}
			if progress != nil {
				progress(in.rows)
			}
		}

		_, more, err := in.next()
		if err != nil {
			return s, err
		}
		if !more {
			break
		}
	}

	s.Rows = in.rows
	in.sum.Sum(s.Sum[:0])
	return s, nil
}
