package market

// MintInfo is what the accounts that a cluster keeps of a mint say of it, as of a moment. It is no part of the history: no
// event tells it, and nothing is counted by it.
type MintInfo struct {
	Name, Symbol, URI string // text of strangers; Name and Symbol empty: not known
	Supply            uint64 // base units
	Decimals          uint8
	Counted           bool // Supply and Decimals are known
}

// Named reports whether it says what the mint calls itself.
func (m *MintInfo) Named() bool { return m.Name != "" || m.Symbol != "" }

// Supplied is a creation that says how many of a token there are.
type Supplied interface {
	Creation
	// TotalSupply is in base units; false when this one does not say it.
	TotalSupply() (uint64, bool)
}
