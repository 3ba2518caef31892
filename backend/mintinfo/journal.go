package mintinfo

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"spinscope/backend/durable"
	"spinscope/backend/market"
)

// line is what was learned of a mint as the file has it. A later line of the same mint takes the place of an earlier one.
type line struct {
	Mint     string  `json:"mint"`
	Name     string  `json:"name,omitempty"`
	Symbol   string  `json:"symbol,omitempty"`
	URI      string  `json:"uri,omitempty"`
	From     string  `json:"from,omitempty"`
	Supply   *uint64 `json:"supply,omitempty"`
	Decimals uint8   `json:"decimals,omitempty"`
	At       int64   `json:"at"`
}

// journal is the file, open at its end; the zero journal keeps nothing.
type journal struct{ file *os.File }

// maxLine is above what the longest line takes, every character of its texts escaped.
const maxLine = 16 << 10

// open reads what earlier runs kept, and makes the file anew where it has more lines than are worth keeping, or one that makes
// no sense: such as the last one, when the process ended while it was written.
func (b *Accounts) open() (*journal, error) {
	path := b.options.Path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("directory of what is known of mints: %w", err)
	}
	if b.options.Forget {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("forget the last market's mints: %w", err)
		}
	}

	lines, bad, err := b.load(path)
	if err != nil {
		return nil, err
	}
	if bad || lines > 2*len(b.known)+1000 {
		if err := b.rewrite(path); err != nil {
			return nil, err
		}
	}

	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open what is known of mints: %w", err)
	}
	return &journal{file}, nil
}

// load takes in the file. bad reports whether it holds anything that is no line of ours.
func (b *Accounts) load(path string) (lines int, bad bool, err error) {
	file, err := os.Open(path) //nolint:gosec // the program's own
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read what is known of mints: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read

	b.mu.Lock()
	defer b.mu.Unlock()

	in := bufio.NewReaderSize(file, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return lines, bad || len(text) > 0, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return lines, bad, fmt.Errorf("read what is known of mints: %w", err)
		}

		lines++
		if mint, one, ok := parse(text); ok {
			b.put(mint, one)
		} else {
			bad = true
		}
	}
}

func parse(text []byte) (mint market.Pubkey, one entry, ok bool) {
	var read line
	if json.Unmarshal(text, &read) != nil {
		return mint, one, false
	}
	mint, err := market.ParsePubkey(read.Mint)
	one = entry{from: read.From, at: read.At, info: market.MintInfo{Name: read.Name, Symbol: read.Symbol, URI: read.URI}}
	if read.Supply != nil {
		one.info.Supply, one.info.Decimals, one.info.Counted = *read.Supply, read.Decimals, true
	}
	return mint, one, err == nil
}

func appendLine(dst []byte, mint market.Pubkey, one *entry) []byte {
	written := line{
		Mint: mint.String(), Name: one.info.Name, Symbol: one.info.Symbol, URI: one.info.URI, From: one.from, At: one.at,
	}
	if one.info.Counted {
		written.Supply, written.Decimals = &one.info.Supply, one.info.Decimals
	}
	text, _ := json.Marshal(written) // cannot fail: texts and numbers
	return append(append(dst, text...), '\n')
}

// rewrite makes the file of what is remembered alone.
func (b *Accounts) rewrite(path string) error {
	b.mu.RLock()
	var text []byte
	for _, mint := range b.ages {
		one := b.known[mint]
		text = appendLine(text, mint, &one)
	}
	b.mu.RUnlock()

	if err := durable.WriteFile(path, text); err != nil {
		return fmt.Errorf("keep what is known of mints: %w", err)
	}
	return nil
}

// append writes what was learned, in one piece.
func (j *journal) append(mints []market.Pubkey, entries []entry) error {
	if j.file == nil { // it could not be opened
		return nil
	}
	var text bytes.Buffer
	for i := range mints {
		text.Write(appendLine(text.AvailableBuffer(), mints[i], &entries[i]))
	}
	_, err := j.file.Write(text.Bytes())
	return err
}

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close() // what was not written is asked for again
	}
}
