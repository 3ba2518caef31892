package token_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
	"spinscope/backend/program"
	"spinscope/backend/program/token"
	"spinscope/backend/solana"
)

var (
	mint    = market.Pubkey{7, 1}
	another = market.Pubkey{8, 1}
	said    = token.Metadata{Name: "Moon Otter", Symbol: "MOTTER", URI: "ipfs://bafk"}
)

// metaplex is an account as Metaplex's program lays it out, written here by hand: key, who may change it, mint, three texts with
// their lengths, and what else it keeps.
func metaplex(key byte, of market.Pubkey, texts ...string) []byte {
	data := append([]byte{key}, bytes.Repeat([]byte{3}, 32)...)
	data = append(data, of[:]...)
	for _, text := range texts {
		data = append(binary.LittleEndian.AppendUint32(data, uint32(len(text))), text...)
	}
	return append(data, 0xf4, 1, 1, 2, 0, 0, 0)
}

func padded(text string, to int) string { return text + strings.Repeat("\x00", to-len(text)) }

func TestMetadataOfMetaplex(t *testing.T) {
	for what, c := range map[string]struct {
		owner market.Pubkey
		data  []byte
		want  token.Metadata
		err   error
	}{
		"nothing there":      {err: token.ErrNoMetadata},
		"filled with zeros":  {owner: token.MetadataProgram, data: metaplex(4, mint, padded("Moon Otter", 32), padded("MOTTER", 10), padded("ipfs://bafk", 200)), want: said},
		"not filled":         {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon Otter", "MOTTER", "ipfs://bafk"), want: said},
		"spaces around":      {owner: token.MetadataProgram, data: metaplex(4, mint, " Moon Otter ", "MOTTER", padded("ipfs://bafk ", 200)), want: said},
		"a symbol only":      {owner: token.MetadataProgram, data: metaplex(4, mint, padded("", 32), "MOTTER", ""), want: token.Metadata{Symbol: "MOTTER"}},
		"as long as it may":  {owner: token.MetadataProgram, data: metaplex(4, mint, strings.Repeat("n", 32), strings.Repeat("s", 10), ""), want: token.Metadata{Name: strings.Repeat("n", 32), Symbol: strings.Repeat("s", 10)}},
		"no text at all":     {owner: token.MetadataProgram, data: metaplex(4, mint, padded("", 32), padded("", 10), padded("", 200)), err: token.ErrMetadata},
		"another program":    {owner: token.Program, data: metaplex(4, mint, "Moon Otter", "MOTTER", ""), err: token.ErrMetadata},
		"another kind":       {owner: token.MetadataProgram, data: metaplex(6, mint, "Moon Otter", "MOTTER", ""), err: token.ErrMetadata},
		"another mint's":     {owner: token.MetadataProgram, data: metaplex(4, another, "Moon Otter", "MOTTER", ""), err: token.ErrMetadata},
		"a name too long":    {owner: token.MetadataProgram, data: metaplex(4, mint, strings.Repeat("n", 33), "MOTTER", ""), err: token.ErrMetadata},
		"a symbol too long":  {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon Otter", strings.Repeat("s", 11), ""), err: token.ErrMetadata},
		"a uri too long":     {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon Otter", "MOTTER", strings.Repeat("u", 201)), err: token.ErrMetadata},
		"a zero inside":      {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon\x00Otter", "MOTTER", ""), err: token.ErrMetadata},
		"a line break":       {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon\nOtter", "MOTTER", ""), err: token.ErrMetadata},
		"a control sequence": {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon", "\x1b[2J", ""), err: token.ErrMetadata},
		"not UTF-8":          {owner: token.MetadataProgram, data: metaplex(4, mint, "Moon\xff", "MOTTER", ""), err: token.ErrMetadata},
		"a length of 4 GiB":  {owner: token.MetadataProgram, data: append(metaplex(4, mint), 0xff, 0xff, 0xff, 0xff), err: token.ErrMetadata},
		"empty":              {owner: token.MetadataProgram, err: token.ErrMetadata},
	} {
		got, err := token.ReadMetadata(mint, &program.Account{Owner: c.owner, Data: c.data})
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}

	whole := metaplex(4, mint, "Moon Otter", "MOTTER", "ipfs://bafk")
	for size := range len(whole) - 7 { // what follows the texts is not read
		if _, err := token.ReadMetadata(mint, &program.Account{Owner: token.MetadataProgram, Data: whole[:size]}); !errors.Is(err, token.ErrMetadata) {
			t.Fatalf("%d bytes of %d: %v", size, len(whole), err)
		}
	}
}

// TestMetadataOfAMint reads mints of Token-2022 with extensions in any order, and what is no name of this one's.
func TestMetadataOfAMint(t *testing.T) {
	extension := func(number uint16, parts ...[]byte) []byte {
		value := slices.Concat(parts...)
		return append(binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, number), uint16(len(value))), value...)
	}
	text := func(s string) []byte { return append(binary.LittleEndian.AppendUint32(nil, uint32(len(s))), s...) }
	nobody, none := make([]byte, 32), make([]byte, 4)
	pointer := func(to market.Pubkey) []byte { return extension(18, nobody, to[:]) }
	name := func(of market.Pubkey, texts ...string) []byte {
		parts := [][]byte{nobody, of[:]}
		for _, s := range texts {
			parts = append(parts, text(s))
		}
		return extension(19, append(parts, none)...)
	}
	good := name(mint, "Moon Otter", "MOTTER", "ipfs://bafk")
	account := func(extensions ...[]byte) *program.Account {
		data := token.AppendMint(nil, token.Mint{Supply: 5, Decimals: 6})
		data = append(append(data, make([]byte, 165-82)...), 1)
		return &program.Account{Owner: token.Program2022, Data: append(data, slices.Concat(extensions...)...)}
	}

	for what, c := range map[string]struct {
		account *program.Account
		want    token.Metadata
		err     error
	}{
		"as it is made":            {account: account(pointer(mint), good), want: said},
		"the pointer behind it":    {account: account(good, pointer(mint)), want: said},
		"others between":           {account: account(extension(3, nobody), pointer(mint), extension(12), good, extension(99, none)), want: said},
		"space behind":             {account: account(pointer(mint), good, make([]byte, 64)), want: said},
		"no pointer":               {account: account(good), want: said},
		"the name is elsewhere":    {account: account(pointer(another), good), err: token.ErrNoMetadata},
		"no name":                  {account: account(pointer(mint)), err: token.ErrNoMetadata},
		"no extensions":            {account: account(), err: token.ErrNoMetadata},
		"the small layout":         {account: &program.Account{Owner: token.Program2022, Data: token.AppendMint(nil, token.Mint{})}, err: token.ErrNoMetadata},
		"the older token program":  {account: &program.Account{Owner: token.Program, Data: account(good).Data}, err: token.ErrNoMetadata},
		"nothing there":            {account: &program.Account{}, err: token.ErrNoMetadata},
		"about another mint":       {account: account(pointer(mint), name(another, "a", "b", "c")), err: token.ErrMetadata},
		"a name too long":          {account: account(name(mint, strings.Repeat("n", 129), "b", "c")), err: token.ErrMetadata},
		"a control character":      {account: account(name(mint, "a\x07", "b", "c")), err: token.ErrMetadata},
		"nothing in it":            {account: account(name(mint, "", "", "c")), err: token.ErrMetadata},
		"an extension that is cut": {account: account(good[:len(good)-1]), err: token.ErrMetadata},
		"texts beyond it":          {account: account(extension(19, nobody, mint[:], text("a"), []byte{200, 0, 0, 0})), err: token.ErrMetadata},
	} {
		got, err := token.ReadExtension(mint, c.account)
		if got != c.want || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

func TestMints(t *testing.T) {
	want := token.Mint{Supply: 1<<64 - 1, Decimals: 9}
	plain := token.AppendMint(nil, want)
	if got, err := token.ReadMint(mint, &program.Account{Owner: token.Program, Data: plain}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}

	if plain[36] != 0xff || plain[44] != 9 || len(plain) != 82 {
		t.Errorf("%x", plain)
	}

	own := token.AppendMint2022(nil, mint, want, said)
	account := &program.Account{Owner: token.Program2022, Data: own}
	if got, err := token.ReadMint(mint, account); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}

	if got, err := token.ReadExtension(mint, account); got != said || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
	beside := token.AppendMetadata(nil, mint, said)
	if got, err := token.ReadMetadata(mint, &program.Account{Owner: token.MetadataProgram, Data: beside}); got != said || err != nil {
		t.Errorf("%+v, %v", got, err)
	}

	never := slices.Clone(plain)
	never[45] = 0
	for what, account := range map[string]program.Account{
		"nothing":          {},
		"a foreign owner":  {Owner: another, Data: plain},
		"one byte less":    {Owner: token.Program, Data: plain[:81]},
		"somebody's":       {Owner: token.Program, Data: make([]byte, 165)},
		"somebody's, long": {Owner: token.Program2022, Data: append(make([]byte, 165), 2, 7, 0)},
		"never set up":     {Owner: token.Program, Data: never},
	} {
		if got, err := token.ReadMint(mint, &account); !errors.Is(err, program.ErrNoMint) || got != (token.Mint{}) {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
}

// TestAddressOfMetadata is that of USDC, as explorers show it.
func TestAddressOfMetadata(t *testing.T) {
	got, err := token.MetadataAddress(solana.ProgramAddress, market.USDC)
	if err != nil || got.String() != "5x38Kp4hvdomTCnCrAny4UtMUt5rQBdB6px2K1Ui45Wq" {
		t.Errorf("%s, %v", got, err)
	}
}

// FuzzAccounts gives anything to the readers: what they take is clean, and nothing makes them panic.
func FuzzAccounts(f *testing.F) {
	f.Add(metaplex(4, mint, padded("Moon Otter", 32), "MOTTER", ""))
	f.Add(token.AppendMint2022(nil, mint, token.Mint{Supply: 1}, said))
	f.Fuzz(func(t *testing.T, data []byte) {
		beside, besideErr := token.ReadMetadata(mint, &program.Account{Owner: token.MetadataProgram, Data: data})
		own, ownErr := token.ReadExtension(mint, &program.Account{Owner: token.Program2022, Data: data})
		for _, read := range []struct {
			m   token.Metadata
			err error
		}{{beside, besideErr}, {own, ownErr}} {
			text := read.m.Name + read.m.Symbol + read.m.URI
			if (read.err == nil) != (read.m.Name+read.m.Symbol != "") || strings.ContainsAny(text, "\x00\n\x1b") || len(text) > 1200 {
				t.Errorf("%q, %v", text, read.err)
			}
		}
		_, _ = token.ReadMint(mint, &program.Account{Owner: token.Program2022, Data: data})
	})
}
