package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"spinscope/backend/market"
	"spinscope/backend/store"
)

// Errors of what is not a whole backup.
var (
	// ErrOther is returned for what is no backup at all, or one of a newer program.
	ErrOther = errors.New("it is not a backup that this program can read")
	// ErrCut is returned for a backup whose end is missing.
	ErrCut = errors.New("the backup is cut short: its end is missing")
	// ErrDamaged is returned for a backup that does not match its checksum.
	ErrDamaged = errors.New("the backup is damaged: it does not match its checksum")
)

const (
	magic         = "spinback"
	version       = 1
	maxHeader     = 64 << 10 // bytes
	progressEvery = 1 << 14  // rows, between two words of progress
)

// Market says whose market a backup is of.
type Market struct {
	Cluster string `json:"cluster"`           // localnet, devnet, mainnet or custom
	Genesis string `json:"genesis,omitempty"` // of the chain; "" when nothing was read from it yet
	Program string `json:"program"`           // address of the market's program
}

// Header is what a backup says of itself.
type Header struct {
	Market
	ID        string      `json:"store"`      // the store's identity
	Seq       market.Seq  `json:"seq"`        // the newest commit in it
	Slot      market.Slot `json:"slot"`       // the newest slot known
	ChainTime int64       `json:"chain_time"` // Unix seconds

	Checkpoint market.Slot `json:"checkpoint"`
	Replay     string      `json:"replay"`  // a position, hexadecimal
	Version    uint64      `json:"version"` // of the state record
	By         string      `json:"by"`      // version of the program that made it
}

// Summary is what is known of a backup that was read or written to its end.
type Summary struct {
	Header Header
	Rows   uint64
	Sum    [sha256.Size]byte // of header and rows

	head []byte // the header as it stands in the file
}

func headerOf(of store.Snapshot, m Market, by string) Header {
	at := &of.State
	return Header{
		Market: m, ID: of.ID, Seq: at.Seq, Slot: at.Slot, ChainTime: at.ChainTime, Checkpoint: at.Checkpoint,
		Replay: fmt.Sprintf("%016x%08x%04x", uint64(at.Replay.Slot), at.Replay.Index, at.Replay.Ordinal), Version: of.Version, By: by,
	}
}

// snapshot is headerOf back again.
func (h *Header) snapshot() (store.Snapshot, error) {
	var replay market.Position
	if _, err := fmt.Sscanf(h.Replay, "%16x%8x%4x", (*uint64)(&replay.Slot), &replay.Index, &replay.Ordinal); err != nil {
		return store.Snapshot{}, fmt.Errorf("%w (header: replay)", ErrDamaged)
	}
	return store.Snapshot{ID: h.ID, Version: h.Version, State: store.State{
		Seq: h.Seq, Slot: h.Slot, ChainTime: h.ChainTime, Checkpoint: h.Checkpoint, Replay: replay,
	}}, nil
}

// encode is the header as it stands in a file, with all that is before and its checksum.
func (h *Header) encode() ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("write header: %w", err)
	}
	out := append([]byte(magic), version)
	out = binary.BigEndian.AppendUint32(out, uint32(len(text))) //nolint:gosec // small
	out = append(out, text...)
	sum := sha256.Sum256(out)
	return append(out, sum[:]...), nil
}

// readHeader reads what encode wrote, and gives the bytes too.
func readHeader(r io.Reader) (h Header, raw []byte, err error) {
	raw = make([]byte, len(magic)+1+4)
	n, err := io.ReadFull(r, raw)
	if n < len(magic) || string(raw[:len(magic)]) != magic {
		if n < len(magic) && err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return h, nil, fmt.Errorf("read backup: %w", err)
		}
		return h, nil, ErrOther
	}
	if err != nil {
		return h, nil, readError(err)
	}
	if found := raw[len(magic)]; found != version {
		return h, nil, fmt.Errorf("%w: its format is %d, this program knows %d", ErrOther, found, version)
	}

	length := binary.BigEndian.Uint32(raw[len(magic)+1:])
	if length > maxHeader {
		return h, nil, ErrDamaged
	}
	rest := make([]byte, int(length)+sha256.Size)
	if _, err := io.ReadFull(r, rest); err != nil {
		return h, nil, readError(err)
	}

	raw = append(raw, rest...)
	text, sum := raw[len(raw)-len(rest):len(raw)-sha256.Size], sha256.Sum256(raw[:len(raw)-sha256.Size])
	if !bytes.Equal(sum[:], raw[len(raw)-sha256.Size:]) {
		return h, nil, ErrDamaged
	}
	if err := json.Unmarshal(text, &h); err != nil {
		return h, nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}

	return h, raw, nil
}

// readError tells a file that ends early from one that cannot be read.
func readError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrCut
	}
	return fmt.Errorf("read backup: %w", err)
}
