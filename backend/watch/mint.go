package watch

import (
	"errors"
	"fmt"
	"regexp"

	"spinscope/backend/market"
)

// ErrNoMint is returned by ParseMint for a text that holds no address, or several.
var ErrNoMint = errors.New("no address of a coin")

// words finds what may be an address in a text.
var words = regexp.MustCompile(`[0-9A-Za-z]+`)

// ParseMint is the one address that a text holds: a mint as it is copied, or a link to a page about the coin. It returns
// ErrNoMint, in words for a person.
func ParseMint(text string) (market.Pubkey, error) {
	var mint market.Pubkey
	for _, word := range words.FindAllString(text, -1) {
		address, err := market.ParsePubkey(word)
		if err != nil || address == mint {
			continue
		}
		if !mint.IsZero() {
			return market.Pubkey{}, fmt.Errorf("%.80q is %w: it holds several", text, ErrNoMint)
		}
		mint = address
	}
	if mint.IsZero() {
		return mint, fmt.Errorf("%.80q is %w: copy its mint, 32 to 44 letters and digits, or a link that holds it", text, ErrNoMint)
	}
	return mint, nil
}
