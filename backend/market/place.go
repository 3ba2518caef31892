package market

// Place is where a coin trades when its events name an address, such as a pool, and not the coin.
type Place struct {
	Coin     Pubkey
	Pair     Pair
	Reversed bool // the base side of the address is what the coin is paid in
}

// Located is a body that names the place where it happened and not its coin. Somebody who knows the place says which coin
// it is before anything else is asked of the body; until then MintAccount is zero.
type Located interface {
	Body
	// PlaceAccount is the address where it happened.
	PlaceAccount() Pubkey
	// Locate says which coin trades there.
	Locate(p Place)
}
