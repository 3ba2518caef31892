package token

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

var (
	// ErrNoMetadata is returned where nothing is kept of a mint's name.
	ErrNoMetadata = errors.New("no metadata")
	// ErrMetadata is returned for an account, or a part of one, that is not the metadata of the mint: another program's, cut,
	// about another mint, or with a text that is too long or holds what no name has.
	ErrMetadata = errors.New("not the metadata of the mint")
)

// MetadataProgram is Metaplex's, which keeps the metadata of a mint in an account beside it.
var MetadataProgram = market.MustPubkey("metaqbxxUerdq28cj1RbAWkYQm3ybzjb6a8bt518x1s")

// Metadata is what a mint calls itself: text of strangers. Name, Symbol or both have something; URI may be empty.
type Metadata struct{ Name, Symbol, URI string }

// Limits of the texts, in bytes. Metaplex's program has its own, and fills up with zeros to them; a Token-2022 mint has space
// for more than anybody calls a name.
var (
	metaplexLimits  = limits{name: 32, symbol: 10, uri: 200}
	extensionLimits = limits{name: 128, symbol: 32, uri: 1024}
)

type limits struct{ name, symbol, uri int }

// MetadataAddress is where Metaplex's program keeps the metadata of a mint.
func MetadataAddress(derive program.Derive, mint market.Pubkey) (market.Pubkey, error) {
	return derive(MetadataProgram, []byte("metadata"), MetadataProgram[:], mint[:])
}

// metaplexKey begins the account of metadata, of every version.
const metaplexKey = 4

// ReadMetadata reads the account at a mint's MetadataAddress. It returns ErrNoMetadata where nothing is, and ErrMetadata.
func ReadMetadata(mint market.Pubkey, account *program.Account) (Metadata, error) {
	if account.Owner.IsZero() {
		return Metadata{}, ErrNoMetadata
	}
	if account.Owner != MetadataProgram {
		return Metadata{}, fmt.Errorf("%w: an account of the program %s", ErrMetadata, account.Owner)
	}

	r := reader{rest: account.Data}
	kind, _, of := r.take(1), r.key(), r.key() // who may change it stands between
	if r.short || kind[0] != metaplexKey || of != mint {
		return Metadata{}, fmt.Errorf("%w: another kind of account, or of another mint", ErrMetadata)
	}
	return r.metadata(metaplexLimits)
}

// Extensions of Token-2022, by their numbers: each has its number and the length of what follows, of two bytes each.
const (
	extensionsAt      = kindAt + 1
	pointerExtension  = 18 // authority, address of the metadata
	metadataExtension = 19 // authority, mint, name, symbol, uri and further pairs of texts
)

// ReadExtension reads the metadata that a Token-2022 mint holds itself. It returns ErrNoMetadata where it holds none or says that
// its metadata is elsewhere, and ErrMetadata.
func ReadExtension(mint market.Pubkey, account *program.Account) (Metadata, error) {
	if account.Owner != Program2022 || len(account.Data) < extensionsAt || account.Data[kindAt] != kindMint {
		return Metadata{}, ErrNoMetadata
	}

	var found []byte
	for rest := account.Data[extensionsAt:]; len(rest) >= 4; {
		number, size := binary.LittleEndian.Uint16(rest), int(binary.LittleEndian.Uint16(rest[2:]))
		if number == 0 {
			break // space that nothing is in yet
		}
		if len(rest) < 4+size {
			return Metadata{}, fmt.Errorf("%w: extension %d is cut", ErrMetadata, number)
		}

		value := rest[4 : 4+size]
		rest = rest[4+size:]
		switch number {
		case metadataExtension:
			found = value
		case pointerExtension:
			r := reader{rest: value}
			if _, at := r.key(), r.key(); !r.short && at != mint {
				return Metadata{}, ErrNoMetadata
			}
		}
	}

	if found == nil {
		return Metadata{}, ErrNoMetadata
	}
	r := reader{rest: found}
	if _, of := r.key(), r.key(); r.short || of != mint {
		return Metadata{}, fmt.Errorf("%w: an extension about another mint", ErrMetadata)
	}
	return r.metadata(extensionLimits)
}

// reader takes an account apart. Once it is short it gives nothing more.
type reader struct {
	rest  []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n > len(r.rest) {
		r.short = true
		return make([]byte, min(n, 64))
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

func (r *reader) key() (k market.Pubkey) {
	copy(k[:], r.take(len(k)))
	return k
}

// text is one with its length before it.
func (r *reader) text() []byte {
	length := binary.LittleEndian.Uint32(r.take(4))
	if r.short || uint64(length) > uint64(len(r.rest)) {
		r.short = true
		return nil
	}
	return r.take(int(length))
}

func (r *reader) metadata(limit limits) (m Metadata, err error) {
	for _, field := range []struct {
		to    *string
		name  string
		limit int
	}{{&m.Name, "name", limit.name}, {&m.Symbol, "symbol", limit.symbol}, {&m.URI, "uri", limit.uri}} {
		text := r.text()
		if r.short {
			return Metadata{}, fmt.Errorf("%w: cut", ErrMetadata)
		}
		if *field.to, err = clean(text, field.limit); err != nil {
			return Metadata{}, fmt.Errorf("%w: the %s %w", ErrMetadata, field.name, err)
		}
	}

	if m.Name == "" && m.Symbol == "" {
		return Metadata{}, fmt.Errorf("%w: it has no name", ErrMetadata)
	}
	return m, nil
}

var (
	errLong = errors.New("is too long")
	errText = errors.New("holds what no text has")
)

// clean is a text without the zeros and spaces around it. What else is not seen is left to whoever shows it.
func clean(text []byte, limit int) (string, error) {
	plain := strings.TrimSpace(strings.TrimRight(string(text), "\x00"))
	switch {
	case len(plain) > limit:
		return "", fmt.Errorf("%w: %d bytes, at most %d", errLong, len(plain), limit)
	case !utf8.ValidString(plain), strings.ContainsFunc(plain, unicode.IsControl):
		return "", errText
	}
	return plain, nil
}

// AppendMetadata appends the account of Metaplex's program to dst, its texts filled up with zeros to their limits. It is the
// inverse of ReadMetadata.
func AppendMetadata(dst []byte, mint market.Pubkey, m Metadata) []byte {
	dst = append(append(append(dst, metaplexKey), make([]byte, len(mint))...), mint[:]...)
	for _, text := range []struct {
		value string
		limit int
	}{{m.Name, metaplexLimits.name}, {m.Symbol, metaplexLimits.symbol}, {m.URI, metaplexLimits.uri}} {
		padded := append([]byte(text.value), make([]byte, max(0, text.limit-len(text.value)))...)
		dst = append(binary.LittleEndian.AppendUint32(dst, uint32(len(padded))), padded...) //nolint:gosec // a short text
	}
	return append(dst, make([]byte, 2+4)...) // fees of sales, nobody's shares, flags
}

// AppendMint2022 appends the account of a Token-2022 mint that holds its metadata itself to dst.
func AppendMint2022(dst []byte, mint market.Pubkey, m Mint, meta Metadata) []byte {
	dst = AppendMint(dst, m)
	dst = append(dst, make([]byte, kindAt-mintSize)...)
	dst = append(dst, kindMint)

	extension := func(number uint16, value []byte) {
		dst = binary.LittleEndian.AppendUint16(dst, number)
		dst = append(binary.LittleEndian.AppendUint16(dst, uint16(len(value))), value...) //nolint:gosec // short
	}
	var nobody market.Pubkey
	extension(pointerExtension, append(nobody[:], mint[:]...))

	value := append(nobody[:], mint[:]...)
	for _, text := range []string{meta.Name, meta.Symbol, meta.URI} {
		value = append(binary.LittleEndian.AppendUint32(value, uint32(len(text))), text...) //nolint:gosec // a short text
	}
	extension(metadataExtension, binary.LittleEndian.AppendUint32(value, 0)) // no further pairs
	return dst
}
