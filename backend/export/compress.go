package export

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"

	"spinscope/backend/zstd"
)

const (
	gzipMagic = "\x1f\x8b"
	byteOrder = "\xef\xbb\xbf" // the mark that some editors and spreadsheets put before UTF-8
)

// compressed calls write with a writer whose bytes reach w compressed. What write gave is complete when it returns nil.
func compressed(w io.Writer, how Compression, write func(io.Writer) error) error {
	var packer io.WriteCloser
	switch how {
	case Plain:
		return write(w)
	case Gzip:
		packer = gzip.NewWriter(w)
	case Zstd:
		var err error
		if packer, err = zstd.NewWriter(w); err != nil {
			return err
		}
	}

	if err := write(packer); err != nil {
		return err
	}
	if err := packer.Close(); err != nil {
		return fmt.Errorf("compress: %w", err)
	}
	return nil
}

// textOf is a file's text: unpacked if its first bytes say that it is compressed, whatever it is called, and without a
// byte order mark. Text in UTF-16 is refused. done ends the reading.
func textOf(file io.Reader) (text *bufio.Reader, done func(), err error) {
	done = func() {}
	text = bufio.NewReaderSize(file, readAhead)

	switch {
	case startsWith(text, gzipMagic):
		unpacker, err := gzip.NewReader(text)
		if err != nil {
			return nil, done, fmt.Errorf("unpack gzip: %w", err)
		}
		text = bufio.NewReaderSize(unpacker, readAhead)
	case startsWith(text, zstd.Magic):
		unpacked, end, err := zstd.NewReader(text)
		if err != nil {
			return nil, done, err
		}
		text, done = bufio.NewReaderSize(unpacked, readAhead), end
	}

	switch {
	case startsWith(text, byteOrder):
		_, err = text.Discard(len(byteOrder))
	case startsWith(text, "\xff\xfe"), startsWith(text, "\xfe\xff"):
		err = errors.New("the file is UTF-16: save it as UTF-8")
	}

	return text, done, err
}

// readAhead is how much of a text is read at once.
const readAhead = 256 << 10

// startsWith reports whether the next bytes are these. An error shows again when they are read.
func startsWith(text *bufio.Reader, magic string) bool {
	head, _ := text.Peek(len(magic))
	return bytes.Equal(head, []byte(magic))
}
