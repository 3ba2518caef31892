package watch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"spinscope/backend/durable"
	"spinscope/backend/market"
	"spinscope/backend/textfile"
)

// FileName is the list's name in the data directory, beside the alert rules.
const FileName = "watch.json"

// fileVersion is the layout of the file; one with a higher version was written by a later program.
const fileVersion = 1

const maxFile = 1 << 20 // bytes; five times what MaxCoins need

var (
	// ErrUnreadable is returned for a file that makes no sense: it is neither read nor changed.
	ErrUnreadable = errors.New("the list of watched coins must be mended first")
	// ErrListed is returned by Add for a coin that is on the list.
	ErrListed = errors.New("the coin is watched already")
	// ErrNotListed is returned by Remove for a coin that is not.
	ErrNotListed = errors.New("the coin is not on the list")
)

// File is the list of watched coins of a data directory. It may be used from several goroutines and processes at once.
type File struct{ path string }

// At is the list in a data directory; it need not exist.
func At(dir string) File { return File{filepath.Join(dir, FileName)} }

// Path is where the file is.
func (f File) Path() string { return f.path }

// Listed is a coin on the list.
type Listed struct {
	Mint    market.Pubkey `json:"mint"`
	AddedAt int64         `json:"added_at"` // Unix milliseconds; for people only
}

type content struct {
	Version int      `json:"version"`
	Coins   []Listed `json:"coins"`
}

// Read is the list, in the order in which the coins were added; no file is an empty one. It returns ErrUnreadable, naming
// the file and what is wrong.
func (f File) Read() ([]Listed, error) {
	file, err := os.Open(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the list of watched coins: %w", err)
	}

	defer file.Close() //nolint:errcheck // only read

	text, err := textfile.ReadSome(file, maxFile)
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it is larger than %d KiB", maxFile>>10)
	}
	var list content
	if err == nil && len(bytes.TrimSpace(text)) > 0 {
		err = list.parse(text)
	}

	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", f.path, ErrUnreadable, err)
	}
	return list.Coins, nil
}

func (c *content) parse(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(c); err != nil {
		return err
	}

	switch {
	case c.Version > fileVersion:
		return fmt.Errorf("it has version %d, this program knows %d: a later spinscope wrote it", c.Version, fileVersion)
	case c.Version != fileVersion:
		return errors.New(`"version" is missing: it begins with {"version": 1, "coins": [`)
	case len(c.Coins) > MaxCoins:
		return fmt.Errorf("%w: %d", ErrTooMany, MaxCoins)
	}

	seen := map[market.Pubkey]bool{}
	for i := range c.Coins {
		if mint := c.Coins[i].Mint; mint.IsZero() || seen[mint] {
			return fmt.Errorf("coin %d has no mint, or one that stands before it", i+1)
		}
		seen[c.Coins[i].Mint] = true
	}

	return nil
}

// Add puts a coin at the end of the list. It returns ErrListed, ErrTooMany and ErrUnreadable.
func (f File) Add(mint market.Pubkey, now time.Time) error {
	return f.edit(func(list []Listed) ([]Listed, error) {
		if slices.ContainsFunc(list, func(c Listed) bool { return c.Mint == mint }) {
			return nil, fmt.Errorf("%s: %w", mint, ErrListed)
		}
		if len(list) >= MaxCoins {
			return nil, fmt.Errorf("%w: %d", ErrTooMany, MaxCoins)
		}
		return append(list, Listed{mint, now.UnixMilli()}), nil
	})
}

// Remove takes a coin off the list. It returns ErrNotListed and ErrUnreadable.
func (f File) Remove(mint market.Pubkey) error {
	return f.edit(func(list []Listed) ([]Listed, error) {
		at := slices.IndexFunc(list, func(c Listed) bool { return c.Mint == mint })
		if at < 0 {
			return nil, fmt.Errorf("%s: %w", mint, ErrNotListed)
		}
		return slices.Delete(list, at, at+1), nil
	})
}

// edit changes the file, whole or not at all, and lets nobody else change it meanwhile.
func (f File) edit(change func([]Listed) ([]Listed, error)) error {
	unlock, err := durable.Lock(f.path)
	if err != nil {
		return fmt.Errorf("change the list of watched coins: %w", err)
	}
	defer unlock()

	list, err := f.Read()
	if err != nil {
		return err
	}
	if list, err = change(list); err != nil {
		return err
	}

	text, err := json.MarshalIndent(content{fileVersion, list}, "", "  ")
	if err != nil {
		return fmt.Errorf("write the list of watched coins: %w", err)
	}
	if err := durable.WriteFile(f.path, append(text, '\n')); err != nil {
		return fmt.Errorf("write the list of watched coins: %w", err)
	}

	return nil
}
