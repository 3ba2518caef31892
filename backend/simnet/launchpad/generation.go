package launchpad

// generation is an age of the programs: how many of the parts that each layout has grown by its events have.
type generation struct {
	trade, create, complete, migration uint8 // pump
	buy, sell, pool                    uint8 // PumpSwap
	quotes                             bool  // coins may be priced in something else than SOL
	boost                              bool  // pools open with a part of their quote as a virtual reserve
}

// generations are ages whose events are recorded, oldest first. On the chain one followed the other; here each coin has
// one, so that a reader meets all of them side by side.
var generations = [...]generation{
	{trade: 2, create: 1, buy: 1, sell: 1, pool: 1},                                                       // May 2025
	{trade: 4, create: 1, buy: 3, sell: 1, pool: 1},                                                       // October 2025
	{trade: 6, create: 3, buy: 4, sell: 2, pool: 2},                                                       // February 2026
	{trade: 9, create: 5, complete: 1, migration: 1, buy: 8, sell: 6, pool: 3, quotes: true, boost: true}, // October 2026
}
