// Package textfile reads text files that people write, with whatever editor they have.
//
// Owner: the caller; nothing is kept. Any number of goroutines may read at once. An error is the file system's own, or
// ErrNotUTF8.
package textfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// ErrNotUTF8 is returned for a text in UTF-16, as some editors on Windows write it.
var ErrNotUTF8 = errors.New("the text is UTF-16: save it as UTF-8")

var (
	mark    = []byte("\ufeff")
	marks16 = [][]byte{{0xff, 0xfe}, {0xfe, 0xff}}
)

// Read returns the whole file without a byte order mark.
func Read(path string) ([]byte, error) {
	text, err := os.ReadFile(path) //nolint:gosec // which file is the caller's choice
	if err != nil {
		return nil, err
	}
	if text, err = plain(text); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return text, nil
}

// ReadSome is Read from an open file, of at most limit bytes and one more, by which the caller sees that there are more.
func ReadSome(file *os.File, limit int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	return plain(text)
}

func plain(text []byte) ([]byte, error) {
	for _, other := range marks16 {
		if bytes.HasPrefix(text, other) {
			return nil, ErrNotUTF8
		}
	}
	return bytes.TrimPrefix(text, mark), nil
}
