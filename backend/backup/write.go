package backup

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"

	"spinscope/backend/store"
	"spinscope/backend/zstd"
)

// Write writes a backup of a store to w while commits go on: everything up to the newest commit as of now. What is written
// is a backup only when it returns nil. progress, which may be nil, is told the rows so far, now and then.
func Write(ctx context.Context, w io.Writer, from *store.Store, of Market, by string, progress func(rows uint64)) (s Summary, err error) {
	var packed io.WriteCloser
	out := &rowWriter{sum: sha256.New()}

	begin := func(snapshot store.Snapshot) error {
		s.Header = headerOf(snapshot, of, by)
		head, err := s.Header.encode()
		if err != nil {
			return err
		}

		_, _ = out.sum.Write(head) // a hash takes everything
		if _, err := w.Write(head); err != nil {
			return fmt.Errorf("write backup: %w", err)
		}
		packed, err = zstd.NewWriter(w)
		out.to = packed
		return err
	}

	err = from.Snapshot(ctx, begin, func(row store.Row) error {
		s.Rows++
		if progress != nil && s.Rows%progressEvery == 0 {
			progress(s.Rows)
		}
		return out.row(row)
	})
	if err != nil {
		return s, err
	}

	out.sum.Sum(s.Sum[:0])
	if err := out.end(s.Rows, s.Sum[:]); err != nil {
		return s, err
	}
	if err := packed.Close(); err != nil {
		return s, fmt.Errorf("write backup: %w", err)
	}
	return s, nil
}

// rowWriter writes rows and sums them up.
type rowWriter struct {
	to     io.Writer
	sum    hash.Hash
	buffer []byte
}

func appendRow(dst []byte, row store.Row) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(row.Key)))
	dst = append(dst, row.Key...)
	dst = binary.AppendUvarint(dst, uint64(len(row.Value)))
	dst = append(dst, row.Value...)
	return binary.AppendUvarint(dst, row.Version)
}

func (w *rowWriter) row(row store.Row) error {
	w.buffer = appendRow(w.buffer[:0], row)
	_, _ = w.sum.Write(w.buffer)
	if _, err := w.to.Write(w.buffer); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

func (w *rowWriter) end(rows uint64, sum []byte) error {
	w.buffer = binary.AppendUvarint(append(w.buffer[:0], 0), rows)
	w.buffer = append(w.buffer, sum...)
	if _, err := w.to.Write(w.buffer); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}
