package market

import (
	"regexp"
	"strconv"
	"strings"
)

// AmountPattern is how people write an amount of SOL, to the lamport, or of what else a coin is paid in; AmountDecimals are its
// decimals, whatever the coin is paid in.
const (
	AmountPattern  = `^\d{1,10}(\.\d{1,9})?$`
	AmountDecimals = 9
)

var amountForm = regexp.MustCompile(AmountPattern)

// ParseAmount reads such a text in units of 10^-AmountDecimals (see Units); false when it is none.
func ParseAmount(text string) (uint64, bool) {
	if !amountForm.MatchString(text) {
		return 0, false
	}
	whole, part, _ := strings.Cut(text, ".")
	amount, err := strconv.ParseUint(whole+(part + "000000000")[:AmountDecimals], 10, 64) // 19 digits at most
	return amount, err == nil
}
