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

// Opening is a body that tells of a new place of trade. Anybody may open one, which need not count.
type Opening interface {
	Body
	// OpenedPlace is the address where trades will happen.
	OpenedPlace() Pubkey
}

// PlaceState is what is known of a place.
type PlaceState uint8

// The states of a place.
const (
	PlaceAsked   PlaceState = iota // somebody is finding out
	PlaceCounts                    // a coin's series goes on there
	PlaceOther                     // no coin's series does
	PlaceUnknown                   // it could not be found out, and is not waited for
)
