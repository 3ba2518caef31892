package zstd_test

import (
	"bytes"
	"errors"
	"testing"

	"spinscope/backend/zstd"
)

func TestMessages(t *testing.T) {
	for _, size := range []int{0, 1, 1000, 1 << 20} {
		message := bytes.Repeat([]byte("candle "), size)[:size]
		packed := zstd.Append([]byte("before"), message)
		if !bytes.Equal(packed, zstd.Append([]byte("before"), message)) {
			t.Errorf("%d bytes are packed in two ways", size)
		}
		got, err := zstd.Decode(packed[len("before"):])
		if err != nil || !bytes.Equal(got, message) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
	}
	if _, err := zstd.Decode([]byte("nothing of the kind")); err == nil || errors.Is(err, zstd.ErrTooLarge) {
		t.Error(err)
	}
	if _, err := zstd.Decode(zstd.Append(nil, make([]byte, zstd.MaxMessage+1))); !errors.Is(err, zstd.ErrTooLarge) {
		t.Error(err)
	}
}
