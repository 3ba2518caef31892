package export

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// ErrName is returned for a file whose name does not say what is in it, or says something else than was asked for.
var ErrName = errors.New("end it in .csv, .jsonl (or .ndjson, .json), .parquet, .arrow (or .feather); text may have .gz or .zst behind that")

// endings are what files of each format are called. A .json file holds JSON Lines too: one object a line, which nearly
// every reader of JSON files takes and which can be read without holding all of it.
var endings = map[string]Format{"csv": CSV, "jsonl": JSONL, "ndjson": JSONL, "json": JSONL, "parquet": Parquet, "arrow": Arrow, "feather": Arrow}

// Compression is what is wrapped around a file of text.
type Compression string

// The compressions. Parquet and Arrow take none.
const (
	Plain Compression = ""
	Gzip  Compression = "gz"
	Zstd  Compression = "zst"
)

// NamedFormat is the format of the file at path, told by the end of its name without regard to case, or asked for, which
// must not contradict the name. It is "" when nothing was asked for and the name has no ending at all. The error wraps
// ErrName.
func NamedFormat(path string, asked Format) (Format, error) {
	name := filepath.Base(path)
	plain, compression := cutCompression(name)
	ending := strings.TrimPrefix(filepath.Ext(plain), ".")
	named, known := endings[strings.ToLower(ending)]

	format := asked
	if format == "" {
		format = named
	}
	switch {
	case ending != "" && !known && asked == "":
		return "", fmt.Errorf("%s: .%.40s is no format that is known: %w; or give --format", name, ending, ErrName)
	case known && named != format:
		return "", fmt.Errorf("%s: its name says %s, and %s was asked for: %w", name, named, asked, ErrName)
	case format == Parquet && compression != Plain:
		return "", fmt.Errorf("%s: Parquet is compressed inside: leave out .%s", name, compression)
	case format == Arrow && compression != Plain:
		return "", fmt.Errorf("%s: Arrow is mapped into memory by its readers: leave out .%s, or export as Parquet", name, compression)
	}

	return format, nil
}

// NamedCompression is how the file at path is compressed, told by the end of its name without regard to case.
func NamedCompression(path string) Compression {
	_, compression := cutCompression(filepath.Base(path))
	return compression
}

// cutCompression takes the ending of a compression off a name.
func cutCompression(name string) (plain string, _ Compression) {
	for _, compression := range []Compression{Gzip, Zstd} {
		if ending := filepath.Ext(name); strings.EqualFold(ending, "."+string(compression)) {
			return strings.TrimSuffix(name, ending), compression
		}
	}
	return name, Plain
}
