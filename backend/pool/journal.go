package pool

import (
	"encoding/json"
	"iter"

	"spinscope/backend/journal"
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

const maxLine = 4 << 10 // ten times what the longest line takes

// open reads what earlier runs kept.
func (r *Registry) open() (*journal.Journal, error) {
	return journal.Open(journal.Options{
		Path: r.options.Path, Forget: r.options.Forget, Of: "pools", MaxLine: maxLine, Load: r.load, Lines: r.lines,
	})
}

func (r *Registry) load(lines iter.Seq[[]byte]) (count int, bad bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	ofEvents := r.fresh // by events, before the file was read

	for text := range lines {
		if address, one, ok := parse(text); ok {
			r.put(address, one)
		} else {
			bad = true
		}
	}

	r.fresh = ofEvents
	return len(r.known), bad
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

// lines are those of what is remembered alone.
func (r *Registry) lines() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.fresh = nil

	return r.appendLines(nil, r.ages)
}

// appendLines appends those of the places that are known; mu is held.
func (r *Registry) appendLines(dst []byte, addresses []market.Pubkey) []byte {
	for _, address := range addresses {
		if one, ok := r.known[address]; ok {
			dst = appendLine(dst, address, &one)
		}
	}
	return dst
}

// keep writes what was learned since the last time.
func (r *Registry) keep(file *journal.Journal) {
	r.mu.Lock()
	text := r.appendLines(nil, r.fresh)
	r.fresh = r.fresh[:0]
	r.mu.Unlock()

	if err := file.Append(text); err != nil {
		r.log.Warn("what is learned of pools is not kept from now on", "err", err)
	}
}
