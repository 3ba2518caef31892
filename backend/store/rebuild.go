package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// rebuild removes those of Badger's files that are damaged and hold nothing of ours: Badger makes them anew. The registry
// of encryption keys has no keys here, and DISCARD counts garbage in value logs, for which it is found again when they are
// next rewritten.
func rebuild(o *Options, found *survey) error {
	for _, one := range []struct {
		there bool
		name  string
		sound func([]byte) bool
	}{
		{found.registry, badger.KeyRegistryFileName, soundRegistry},
		{found.discard, discardFile, soundDiscard},
	} {
		path := filepath.Join(o.Dir, one.name)
		if !one.there {
			continue
		}

		content, err := os.ReadFile(path) //nolint:gosec // the store's own file
		if err != nil {
			return fmt.Errorf("read %s: %w", one.name, err)
		}
		if one.sound(content) {
			continue
		}
		if inUse(o.Dir) {
			return locked(o)
		}

		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove a damaged file that is made anew: %w", err)
		}
		o.Logger.Warn("a damaged file is made anew; it holds no data", "component", "store", "file", one.name)
	}

	return nil
}

// soundRegistry checks a registry without keys: random16 · text.
func soundRegistry(content []byte) bool {
	const random, text = 16, "Hello Badger"
	return len(content) == random+len(text) && string(content[random:]) == text
}

// soundDiscard checks the rows, file8 · bytes8: in order of the files, zeros behind them.
func soundDiscard(content []byte) bool {
	const row, least = 16, 1 << 20
	if len(content) < least || len(content)%row != 0 {
		return false
	}
	last := uint64(0)
	for ; len(content) > 0; content = content[row:] {
		file := binary.BigEndian.Uint64(content)
		if file == 0 {
			return len(bytes.Trim(content[row:], "\x00")) == 0
		}
		if file <= last || file > 1<<32-1 || binary.BigEndian.Uint64(content[8:]) > 1<<62 {
			return false
		}
		last = file
	}
	return false // Badger keeps the last one free
}
