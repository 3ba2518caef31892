package wire

import "spinscope/backend/market"

// NameFromChain is the name_source of a name that no event told.
const NameFromChain = "chain"

// MintFacts are what is known of a coin's mint. Each is left out while it is not known.
type MintFacts struct {
	NameSource string   `json:"name_source,omitempty" enum:"chain" doc:"chain: name and symbol (and uri) are what the mint's account says now, as its creation is not stored; left out: they are its creation's, or not known"`
	Supply     *Amount  `json:"supply,omitempty"     doc:"How many there are, in 10^-decimals of a whole token: by the mint's account as of at most some hours ago, else by its creation"`
	Decimals   *uint8   `json:"decimals,omitempty"   doc:"Of supply"`
	MarketCap  *float64 `json:"market_cap,omitempty" doc:"Price × supply, in whole units of what the coin is paid in"`
}

// NewMintFacts is what a token's events and the accounts of its mint tell; info may be zero.
func NewMintFacts(t *market.Token, info market.MintInfo) (f MintFacts) {
	supply, decimals, known := t.Supply(info)
	if !known {
		return f
	}

	f.Supply, f.Decimals = new(Amount(supply)), &decimals
	if !t.LatestPrice.IsZero() {
		// Prices are counted by the decimals of the coin's pair: so are the tokens here, whatever the account says.
		f.MarketCap = new(market.CapFloat(market.Cap(t.LatestPrice, supply, t.Pair)))
	}
	return f
}

// nameOf is what an account says of a token whose creation is not stored.
func nameOf(t *market.Token, info *market.MintInfo) (name, symbol, uri *string, source string) {
	if t.Created != nil || !info.Named() {
		return nil, nil, nil, ""
	}
	return &info.Name, &info.Symbol, &info.URI, NameFromChain
}

// Add adds what the accounts of the mint say: a name only where no event told one. The zero info adds what the events tell.
func (d *Detail) Add(t *market.Token, info market.MintInfo) {
	d.MintFacts = NewMintFacts(t, info)
	if name, symbol, uri, source := nameOf(t, &info); source != "" {
		d.Name, d.Symbol, d.URI, d.NameSource = name, symbol, uri, source
	}
}

// Add adds what the accounts of the mint say: a name only where no event told one. The zero info adds what the events tell.
func (w *Ticker) Add(t *market.Token, info market.MintInfo) {
	w.MintFacts = NewMintFacts(t, info)
	if name, symbol, _, source := nameOf(t, &info); source != "" {
		w.Name, w.Symbol, w.NameSource = name, symbol, source
	}
}

// Add adds what the accounts of the mint say: a name only where no event told one.
func (w *WatchedCoin) Add(info market.MintInfo) {
	if w.Name == "" && w.Symbol == "" && info.Named() {
		w.Name, w.Symbol, w.NameSource = info.Name, info.Symbol, NameFromChain
	}
}
