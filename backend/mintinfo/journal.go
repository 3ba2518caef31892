package mintinfo

import (
	"encoding/json"
	"iter"
	"log/slog"

	"spinscope/backend/journal"
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

// maxLine is above what the longest line takes, every character of its texts escaped.
const maxLine = 16 << 10

// open reads what earlier runs kept.
func (b *Accounts) open() (*journal.Journal, error) {
	return journal.Open(journal.Options{
		Path: b.options.Path, Forget: b.options.Forget, Of: "mints", MaxLine: maxLine, Load: b.load, Lines: b.lines,
	})
}

// Load reads what runs have learned of mints. It changes no file, and nobody is asked for more; where there is no file, nothing is
// known.
func Load(path string) (*Accounts, error) {
	b := New(Options{Path: path, Logger: slog.New(slog.DiscardHandler)})
	return b, journal.Read(journal.Options{Path: path, Of: "mints", MaxLine: maxLine, Load: b.load})
}

func (b *Accounts) load(lines iter.Seq[[]byte]) (count int, bad bool) {
	b.mu.Lock()
	defer b.mu.Unlock()

	for text := range lines {
		if mint, one, ok := parse(text); ok {
			b.put(mint, one)
		} else {
			bad = true
		}
	}
	return len(b.known), bad
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

// lines are those of what is remembered alone.
func (b *Accounts) lines() (text []byte) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, mint := range b.ages {
		one := b.known[mint]
		text = appendLine(text, mint, &one)
	}
	return text
}

// linesOf are those of what was learned.
func linesOf(mints []market.Pubkey, entries []entry) (text []byte) {
	for i, mint := range mints {
		text = appendLine(text, mint, &entries[i])
	}
	return text
}
