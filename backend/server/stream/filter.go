package stream

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"spinscope/backend/market"
)

// filter chooses events: of these kinds, of these accounts, and trades of at least a size. What is empty chooses nothing out.
type filter struct {
	kinds    map[market.Kind]struct{}
	accounts map[market.Pubkey]struct{}
	minimum  uint64 // of the quote, in units of 10^-market.AmountDecimals; 0 is any, also what is no trade
}

// Bounds of what one filter may name.
const (
	maxFilterTypes    = 64
	maxFilterAccounts = 100
)

// pass reports whether a topic shows an event of a coin's pair; a topic without a filter shows all.
func (f *filter) pass(e *market.Event, pair market.Pair) bool {
	if f == nil {
		return true
	}

	if _, ok := f.kinds[e.Kind()]; !ok && len(f.kinds) > 0 {
		return false
	}
	if _, ok := f.accounts[e.Owner]; !ok && len(f.accounts) > 0 {
		return false
	}
	if f.minimum == 0 {
		return true
	}

	trade, ok := e.Trade()
	return ok && trade.Quote >= market.Units(f.minimum, market.AmountDecimals, pair.QuoteDecimals())
}

// kindsOf are the kinds of that name, one for each program that has it.
func kindsOf(name string) (kinds []market.Kind) {
	for program := range 1 << 8 {
		if k, ok := market.ParseKind(market.Program(program), name); ok {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// kindNames are the names of all kinds, in alphabetical order.
func kindNames() []string {
	names := map[string]struct{}{}
	for program := range 1 << 8 {
		for _, k := range market.KindsOf(market.Program(program)) {
			names[k.String()] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// filter reads types, accounts and min_size, and gives the name that equal filters share; "" when the request has none of them.
func (f fields) filter() (detail, error) {
	var parts []string
	types, err := f.texts("types", maxFilterTypes)
	if err != nil {
		return detail{}, err
	}
	for _, name := range types {
		if len(kindsOf(name)) == 0 {
			return detail{}, invalid("types: unknown event_type %.40q: use some of %s", name, strings.Join(kindNames(), ", "))
		}
	}
	if len(types) > 0 {
		parts = append(parts, "types="+strings.Join(types, ","))
	}

	accounts, err := f.texts("accounts", maxFilterAccounts)
	if err != nil {
		return detail{}, err
	}
	for _, text := range accounts {
		if _, err := market.ParsePubkey(text); err != nil {
			return detail{}, invalid("accounts: %v", err)
		}
	}
	if len(accounts) > 0 {
		parts = append(parts, "accounts="+strings.Join(accounts, ","))
	}

	size, err := f.size("min_size")
	if err != nil {
		return detail{}, err
	}
	if size != "" {
		parts = append(parts, "min_size="+size)
	}
	return detailOf(strings.Join(parts, "/")), nil
}

// texts is a list of one to maximum texts, sorted and each once; nil when there is none.
func (f fields) texts(name string, maximum int) ([]string, error) {
	if f[name] == nil {
		return nil, nil
	}
	values, ok := f[name].([]any)
	if !ok || len(values) == 0 {
		return nil, invalid("%s must be a list of texts, with at least one", name)
	}
	if len(values) > maximum {
		return nil, invalid("%s: %d given, at most %d are taken", name, len(values), maximum)
	}

	list := make([]string, len(values))
	for i, value := range values {
		if list[i], ok = value.(string); !ok {
			return nil, invalid("%s: entry %d must be a text, not %s", name, i, kindOf(value))
		}
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

// size is an amount of the quote as a decimal without needless zeros; "" when there is none or it is 0. It may be given as a
// number too.
func (f fields) size(name string) (string, error) {
	var text string
	switch value := f[name].(type) {
	case nil:
		return "", nil
	case string:
		text = value
	case float64:
		text = strconv.FormatFloat(value, 'f', -1, 64)
	}

	amount, ok := market.ParseAmount(text)
	switch {
	case !ok:
		return "", invalid(`%s must be an amount of SOL, or of what else the coin is paid in, such as "2.5", with at most nine decimals`, name)
	case amount == 0:
		return "", nil
	}
	return market.U64(amount).Decimal(market.AmountDecimals), nil
}

// compileFilter is the filter of a topic's detail, which fields.filter wrote; nil for "".
func compileFilter(text string) *filter {
	if text == "" {
		return nil
	}
	f := &filter{}
	for part := range strings.SplitSeq(text, "/") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "types":
			f.kinds = map[market.Kind]struct{}{}
			for one := range strings.SplitSeq(value, ",") {
				for _, k := range kindsOf(one) {
					f.kinds[k] = struct{}{}
				}
			}
		case "accounts":
			f.accounts = map[market.Pubkey]struct{}{}
			for one := range strings.SplitSeq(value, ",") {
				account, _ := market.ParsePubkey(one) // read once already
				f.accounts[account] = struct{}{}
			}
		case "min_size":
			f.minimum, _ = market.ParseAmount(value) // read once already
		}
	}
	return f
}
