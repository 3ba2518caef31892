package market

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"
)

// known are addresses and the bytes they stand for.
var known = []struct{ text, hex string }{
	{"11111111111111111111111111111111", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", "06ddf6e1d765a193d9cbe146ceeb79ac1cb485ed5f5b37913a8cf5857eff00a9"},
	{"ComputeBudget111111111111111111111111111111", "0306466fe5211732ffecadba72c39be7bc8ce5bbc5f7126b2c439b3a40000000"},
	{"So11111111111111111111111111111111111111112", "069b8857feab8184fb687f634618c035dac439dc1aeb3b5598a0f00000000001"},
	{"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG", "ff" + strings.Repeat("ff", 31)},
	{"11111111111111111111111111111112", strings.Repeat("00", 31) + "01"},
	{"1111111111111111111111111111115R", strings.Repeat("00", 30) + "0100"},
}

func TestPubkeyKnownValues(t *testing.T) {
	for _, test := range known {
		want, ok := new(big.Int).SetString(test.hex, 16)
		if !ok {
			t.Fatal(test.hex)
		}
		key, err := ParsePubkey(test.text)
		if err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if new(big.Int).SetBytes(key[:]).Cmp(want) != 0 {
			t.Errorf("%s is %x, want %s", test.text, key[:], test.hex)
		}
		if key.String() != test.text {
			t.Errorf("%s written as %s", test.text, key)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", "1", "abc", strings.Repeat("1", 31), strings.Repeat("1", 33), "0OIl" + strings.Repeat("1", 28),
		"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5D", "1TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA",
		"TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA ", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5Dä",
		"JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH", // 2^256
		strings.Repeat("z", 44), strings.Repeat("z", 100000),
	} {
		key, err := ParsePubkey(text)
		if !errors.Is(err, errBase58) || key != (Pubkey{}) {
			t.Errorf("%.50q gives %s, %v", text, key, err)
		}
		if err != nil && len(err.Error()) > 400 {
			t.Errorf("error of %d bytes", len(err.Error()))
		}
		if _, err := ParseSignature(text); !errors.Is(err, errBase58) {
			t.Errorf("signature %.50q: %v", text, err)
		}
	}

	defer func() {
		if recover() == nil {
			t.Error("MustPubkey accepts anything")
		}
	}()
	MustPubkey("no")
}

// naiveBase58 is the textbook conversion.
func naiveBase58(data []byte) string {
	text := ""
	number, digit := new(big.Int).SetBytes(data), new(big.Int)
	for number.Sign() > 0 {
		number.DivMod(number, big.NewInt(58), digit)
		text = base58Alphabet[digit.Int64():digit.Int64()+1] + text
	}
	for i := 0; i < len(data) && data[i] == 0; i++ {
		text = "1" + text
	}
	return text
}

func TestBase58EqualsTheTextbook(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for round := range 3000 {
		var key Pubkey
		var signature Signature
		zeros := 0
		if round%3 == 0 {
			zeros = r.IntN(33)
		}

		for i := zeros; i < len(signature); i++ {
			signature[i] = byte(r.Uint32())
			if i < len(key) {
				key[i] = byte(r.Uint32())
			}
		}

		if got, want := key.String(), naiveBase58(key[:]); got != want {
			t.Fatalf("%x: %s, want %s", key[:], got, want)
		}
		if got, want := signature.String(), naiveBase58(signature[:]); got != want {
			t.Fatalf("%x: %s, want %s", signature[:], got, want)
		}

		if back, err := ParsePubkey(key.String()); err != nil || back != key {
			t.Fatalf("%s came back as %s, %v", key, back, err)
		}
		if back, err := ParseSignature(signature.String()); err != nil || back != signature {
			t.Fatalf("%s came back as %s, %v", signature, back, err)
		}
	}
}

func TestDecodeBase58EqualsTheTextbook(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for round := range 600 {
		data := make([]byte, r.IntN(700))
		zeros := 0
		if round%3 == 0 && len(data) > 0 {
			zeros = r.IntN(min(len(data), 40) + 1)
		}

		for i := zeros; i < len(data); i++ {
			data[i] = byte(r.Uint32())
		}
		before := []byte{7, 7}
		got, err := DecodeBase58(before, naiveBase58(data))
		if err != nil || !bytes.Equal(got[:2], before) || !bytes.Equal(got[2:], data) {
			t.Fatalf("%x came back as %x, %v", data, got, err)
		}
	}

	for _, text := range []string{"0", "abcdefghijk0", "1111l", "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA ", "\x00", "ä"} {
		if data, err := DecodeBase58(nil, text); !errors.Is(err, errBase58) {
			t.Errorf("%q gives %x, %v", text, data, err)
		}
	}
}

func TestAddressesAsJSON(t *testing.T) {
	type record struct {
		Mint      Pubkey
		Signature Signature
		ByMint    map[Pubkey]int
	}
	want := record{Mint: Pubkey{1, 2}, Signature: Signature{3}, ByMint: map[Pubkey]int{{4}: 5}}
	text, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}

	var got record
	if err := json.Unmarshal(text, &got); err != nil || got.Mint != want.Mint || got.Signature != want.Signature || got.ByMint[Pubkey{4}] != 5 {
		t.Errorf("%s came back as %+v, %v", text, got, err)
	}
	for _, bad := range []string{`{"Mint":"0"}`, `{"Signature":"x"}`, `{"ByMint":{"?":1}}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}

	if !(Pubkey{}).IsZero() || (Pubkey{31: 1}).IsZero() {
		t.Error("IsZero is wrong")
	}
}

func FuzzBase58(f *testing.F) {
	for _, test := range known {
		f.Add(test.text, []byte(test.hex))
	}
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		if key, err := ParsePubkey(text); err == nil && key.String() != text {
			t.Fatalf("%q became %s", text, key)
		}
		if signature, err := ParseSignature(text); err == nil && signature.String() != text {
			t.Fatalf("%q became %s", text, signature)
		}

		if back, err := DecodeBase58(nil, text); err == nil && naiveBase58(back) != text {
			t.Fatalf("%q became %x", text, back)
		}
		data = data[:min(len(data), 64)]
		written := appendBase58(nil, data)
		if want := naiveBase58(data); string(written) != want {
			t.Fatalf("%x written as %s, want %s", data, written, want)
		}

		if len(data) == 0 {
			return
		}
		back := make([]byte, len(data))
		if err := decodeBase58(back, string(written)); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%x came back as %x, %v", data, back, err)
		}
	})
}

func BenchmarkPubkeyString(b *testing.B) {
	key := MustPubkey("TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA")
	b.ReportAllocs()
	for b.Loop() {
		_ = key.String()
	}
}

func BenchmarkSignatureText(b *testing.B) {
	signature := Signature{1, 2, 3, 63: 4}
	for i := range signature {
		signature[i] ^= byte(151 * i)
	}
	text := make([]byte, 0, 88)
	b.ReportAllocs()
	for b.Loop() {
		text, _ = signature.AppendText(text[:0])
	}
}

func BenchmarkParseSignature(b *testing.B) {
	text := Signature{1, 2, 3, 63: 4}.String()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseSignature(text); err != nil {
			b.Fatal(err)
		}
	}
}
