package release

import (
	"errors"
	"fmt"

	"aead.dev/minisign"
)

// ErrSignature is returned for a description that the key does not vouch for.
var ErrSignature = errors.New("the signature is not one of updates.public_key")

// ErrKey is returned for a text that is no public key.
var ErrKey = errors.New("not a public key of minisign")

// signed is a description as it was published.
type signed struct {
	Text      string `json:"description"`
	Signature string `json:"signature"`
}

// parseKey reads a public key, with the comment that minisign writes before it or without.
func parseKey(text string) (minisign.PublicKey, error) {
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		return key, fmt.Errorf("%w: %w", ErrKey, err)
	}
	return key, nil
}

// CheckKey returns ErrKey unless text is a public key.
func CheckKey(text string) error {
	_, err := parseKey(text)
	return err
}

// open verifies the signature first and reads the description then. It returns ErrSignature or ErrDescription.
func (s *signed) open(key minisign.PublicKey) (Description, error) {
	if !minisign.Verify(key, []byte(s.Text), []byte(s.Signature)) {
		return Description{}, ErrSignature
	}
	return parse([]byte(s.Text))
}
