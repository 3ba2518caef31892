package zstd

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// Magic are the first bytes of what is packed.
const Magic = "\x28\xb5\x2f\xfd"

// maxWindow bounds the memory that reading takes, in bytes. zstd's own tool makes windows of 8 MB, and up to 128 MB with
// --ultra or --long.
const maxWindow = 128 << 20

// ErrTooLarge is returned for a message that is larger than its reader takes.
var ErrTooLarge = errors.New("it unpacks to more than is taken")

// NewWriter packs into w with one goroutine. What was written is complete once Close returned nil.
func NewWriter(w io.Writer) (io.WriteCloser, error) {
	packer, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return packer, nil
}

// NewReader unpacks r. done gives its memory back, and must be called.
func NewReader(r io.Reader) (unpacked io.Reader, done func(), err error) {
	unpacker, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, func() {}, fmt.Errorf("unpack zstd: %w", err)
	}
	return unpacker, unpacker.Close, nil
}

var packer = sync.OnceValue(func() *zstd.Encoder {
	// The fastest level: messages are small, and made while somebody waits for them. No option of these fails.
	encoder, _ := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true), zstd.WithEncoderConcurrency(2))
	return encoder
})

// Append appends the packed message to dst. The same message gives the same bytes.
func Append(dst, message []byte) []byte { return packer().EncodeAll(message, dst) }

// MaxMessage is the most that Decode unpacks, in bytes.
const MaxMessage = 64 << 20

var unpacker = sync.OnceValue(func() *zstd.Decoder {
	decoder, _ := zstd.NewReader(nil, zstd.WithDecoderConcurrency(2), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(MaxMessage))
	return decoder
})

// Decode unpacks a message that Append packed. One that is larger than MaxMessage unpacked is ErrTooLarge.
func Decode(packed []byte) ([]byte, error) {
	message, err := unpacker().DecodeAll(packed, nil)
	switch {
	case errors.Is(err, zstd.ErrDecoderSizeExceeded), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return nil, ErrTooLarge
	case err != nil:
		return nil, fmt.Errorf("unpack zstd: %w", err)
	}
	return message, nil
}
