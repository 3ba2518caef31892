package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"spinscope/backend/durable"
)

// spare are the lines that a file may have beside two for each thing that is remembered, before it is made anew.
const spare = 1000

// Options say where a journal is and what is in it.
type Options struct {
	Path    string // of the file; it and its directory are made when they are missing
	Forget  bool   // what is in it is removed first
	Of      string // what is learned of, as errors name it: pools
	MaxLine int    // bytes of the longest line; one that is longer makes no sense

	// Load takes in the lines of the file, each with its end and good until the next one. It returns how many things are
	// remembered with them, and whether a line makes no sense. It is not called when there is no file.
	Load func(lines iter.Seq[[]byte]) (known int, bad bool)

	// Lines are those of all that is remembered: what the file is made anew of.
	Lines func() []byte
}

// Journal is the file, open at its end. The zero Journal keeps nothing.
type Journal struct{ file *os.File }

// Open reads what earlier runs kept, and makes the file anew where it has more lines than are worth keeping, or one that makes no
// sense.
func Open(o Options) (*Journal, error) {
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, fmt.Errorf("directory of what is known of %s: %w", o.Of, err)
	}
	if o.Forget {
		if err := os.Remove(o.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("forget the last market's %s: %w", o.Of, err)
		}
	}

	worn, err := load(&o)
	if err != nil {
		return nil, fmt.Errorf("read what is known of %s: %w", o.Of, err)
	}
	if worn {
		if err := durable.WriteFile(o.Path, o.Lines()); err != nil {
			return nil, fmt.Errorf("keep what is known of %s: %w", o.Of, err)
		}
	}

	file, err := os.OpenFile(o.Path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open what is known of %s: %w", o.Of, err)
	}
	return &Journal{file}, nil
}

// Read takes in what earlier runs kept, by Load, and changes no file.
func Read(o Options) error {
	if _, err := load(&o); err != nil {
		return fmt.Errorf("read what is known of %s: %w", o.Of, err)
	}
	return nil
}

// load takes in the file. worn reports whether it is to be made anew.
func load(o *Options) (worn bool, err error) {
	file, err := os.Open(o.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close() //nolint:errcheck // it was only read

	lines, half := 0, false
	known, bad := o.Load(func(yield func([]byte) bool) {
		in := bufio.NewReaderSize(file, o.MaxLine)
		for {
			text, failure := in.ReadSlice('\n')
			switch {
			case errors.Is(failure, io.EOF):
				half = len(text) > 0
				return
			case failure != nil && !errors.Is(failure, bufio.ErrBufferFull):
				err = failure
				return
			}

			lines++
			if !yield(text) {
				return
			}
		}
	})

	return bad || half || lines > 2*known+spare, err
}

// Append adds lines, in one piece. After an error nothing more is kept.
func (j *Journal) Append(lines []byte) error {
	if j.file == nil || len(lines) == 0 {
		return nil
	}
	_, err := j.file.Write(lines)
	if err != nil {
		j.Close()
		j.file = nil // what follows half a line would be lost with it
	}
	return err
}

// Close closes the file.
func (j *Journal) Close() {
	if j.file != nil {
		_ = j.file.Close() // what was not written is learned again
	}
}
