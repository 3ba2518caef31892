package pool

import (
	"bufio"
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

// line is what is known of a place as the file has it: without a coin none's series goes on there. A later line of the same place
// takes the place of an earlier one.
type line struct {
	Pool     string   `json:"pool"`
	Coin     string   `json:"coin,omitempty"`
	Program  string   `json:"program,omitempty"`
	Quote    string   `json:"quote,omitempty"`
	Decimals [2]uint8 `json:"decimals,omitzero"` // of the coin, and of what it is paid in
	Reversed bool     `json:"reversed,omitempty"`
}

// journal is the file, open at its end; the zero journal keeps nothing.
type journal struct{ file *os.File }

const maxLine = 4 << 10 // ten times what the longest line takes

// open reads what earlier runs kept, and makes the file anew where it has more lines than are worth keeping, or one that makes
// no sense: such as the last one, when the process ended while it was written.
func (r *Registry) open() (*journal, error) {
	path := r.options.Path
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("directory of what is known of pools: %w", err)
	}
	if r.options.Forget {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("forget the last market's pools: %w", err)
		}
	}

	lines, bad, err := r.load(path)
	if err != nil {
		return nil, err
	}
	r.mu.RLock()
	count := len(r.known) // events add to them meanwhile
	r.mu.RUnlock()
	if bad || lines > 2*count+1000 {
		if err := r.rewrite(path); err != nil {
			return nil, err
		}
	}

	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open what is known of pools: %w", err)
	}
	return &journal{file}, nil
}

// load takes in the file. bad reports whether it holds anything that is no line of ours.
func (r *Registry) load(path string) (lines int, bad bool, err error) {
	file, err := os.Open(path) //nolint:gosec // the program's own
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read what is known of pools: %w", err)
	}
	defer file.Close() //nolint:errcheck // it was only read

	r.mu.Lock()
	defer r.mu.Unlock()
	ofEvents := r.fresh // by events, before the file was read

	in := bufio.NewReaderSize(file, maxLine)
	for {
		text, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			r.fresh = ofEvents
			return lines, bad || len(text) > 0, nil
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return lines, bad, fmt.Errorf("read what is known of pools: %w", err)
		}

		lines++
		if address, one, ok := parse(text); ok {
			r.put(address, one)
		} else {
			bad = true
		}
	}
}

func parse(text []byte) (address market.Pubkey, one known, ok bool) {
	var read line
	if json.Unmarshal(text, &read) != nil {
		return address, one, false
	}
	address, err := market.ParsePubkey(read.Pool)
	if err != nil || read.Coin == "" {
		return address, one, err == nil
	}

	coin, err := market.ParsePubkey(read.Coin)
	if err != nil {
		return address, one, false
	}
	quote, err := market.ParsePubkey(read.Quote)
	if err != nil {
		return address, one, false
	}
	id, ok := market.ParseProgram(read.Program)
	if !ok {
		return address, one, false
	}
	pair, err := market.NewPair(id, quote, read.Decimals[0], read.Decimals[1])
	return address, known{market.Place{Coin: coin, Pair: pair, Reversed: read.Reversed}, true}, err == nil
}

func appendLine(dst []byte, address market.Pubkey, one *known) []byte {
	written := line{Pool: address.String()}
	if one.counts {
		pair := one.place.Pair
		written.Coin, written.Reversed = one.place.Coin.String(), one.place.Reversed
		written.Program, written.Quote = pair.Program().String(), pair.Quote().String()
		written.Decimals = [2]uint8{uint8(pair.BaseDecimals()), uint8(pair.QuoteDecimals())} //nolint:gosec // at most MaxDecimals
	}
	text, _ := json.Marshal(written) // cannot fail: texts and numbers
	return append(append(dst, text...), '\n')
}

// rewrite makes the file of what is remembered alone.
func (r *Registry) rewrite(path string) error {
	r.mu.Lock()
	var text []byte
	for _, address := range r.ages {
		one := r.known[address]
		text = appendLine(text, address, &one)
	}
	r.fresh = nil
	r.mu.Unlock()

	if err := durable.WriteFile(path, text); err != nil {
		return fmt.Errorf("keep what is known of pools: %w", err)
	}
	return nil
}

// keep writes what was learned since the last time, in one piece.
func (r *Registry) keep(file *journal) {
	r.mu.Lock()
	var text []byte
	for _, address := range r.fresh {
		if one, ok := r.known[address]; ok {
			text = appendLine(text, address, &one)
		}
	}
	r.fresh = r.fresh[:0]
	r.mu.Unlock()

	if file.file == nil || len(text) == 0 { // it could not be opened
		return
	}
	if _, err := file.file.Write(text); err != nil {
		r.log.Warn("what is learned of pools is not kept from now on", "err", err)
		file.close()
		file.file = nil // what follows half a line would be lost with it
	}
}

func (j *journal) close() {
	if j.file != nil {
		_ = j.file.Close() // what was not written is asked for again
	}
}
