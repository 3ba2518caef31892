package market

import "fmt"

// Pubkey is a Solana address: a mint, a user, an order or a program.
type Pubkey [32]byte

// Signature identifies a transaction.
type Signature [64]byte

// ParsePubkey reads a base58 address. The error names the text.
func ParsePubkey(text string) (Pubkey, error) {
	var key Pubkey
	if err := decodeBase58(key[:], text); err != nil {
		return Pubkey{}, fmt.Errorf("address %q: %w (32 bytes)", clip(text), err)
	}
	return key, nil
}

// MustPubkey is ParsePubkey for constants; it panics on bad text.
func MustPubkey(text string) Pubkey {
	key, err := ParsePubkey(text)
	if err != nil {
		panic(err)
	}
	return key
}

// ParseSignature reads a base58 signature. The error names the text.
func ParseSignature(text string) (Signature, error) {
	var signature Signature
	if err := decodeBase58(signature[:], text); err != nil {
		return Signature{}, fmt.Errorf("signature %q: %w (64 bytes)", clip(text), err)
	}
	return signature, nil
}

// IsZero reports whether the address is unset (the system program's address is never a mint or an order).
func (k Pubkey) IsZero() bool { return k == Pubkey{} }

// String is the address in base58.
func (k Pubkey) String() string { return string(appendBase58(make([]byte, 0, 44), k[:])) }

// Short is the address by its ends, for people.
func (k Pubkey) Short() string {
	text := k.String()
	return text[:4] + "…" + text[len(text)-4:]
}

// AppendText appends the address in base58; it implements encoding.TextAppender.
func (k Pubkey) AppendText(dst []byte) ([]byte, error) { return appendBase58(dst, k[:]), nil }

// MarshalText implements encoding.TextMarshaler.
func (k Pubkey) MarshalText() ([]byte, error) { return k.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (k *Pubkey) UnmarshalText(text []byte) (err error) {
	*k, err = ParsePubkey(string(text))
	return err
}

// String is the signature in base58.
func (s Signature) String() string { return string(appendBase58(make([]byte, 0, 88), s[:])) }

// AppendText appends the signature in base58; it implements encoding.TextAppender.
func (s Signature) AppendText(dst []byte) ([]byte, error) { return appendBase58(dst, s[:]), nil }

// MarshalText implements encoding.TextMarshaler.
func (s Signature) MarshalText() ([]byte, error) { return s.AppendText(nil) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Signature) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSignature(string(text))
	return err
}

// clip keeps a foreign text short enough for an error message.
func clip(text string) string {
	const limit = 100
	if len(text) <= limit {
		return text
	}
	return text[:limit] + "…"
}
