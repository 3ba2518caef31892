// Package position adds up what the events of one account on one coin come to: what it holds, what that cost, what was realised,
// fees as far as events tell them, and its margin orders.
//
// It counts trades that were seen and nothing else: tokens that were sent from one account to another are in no event, and
// what happened before the stored history, or in a gap of it, is not there. What is sold beyond what was seen bought is
// therefore kept apart, without a profit.
//
// Everything is pure, and exact in integers: amounts in base units, prices as market.Price. Cost goes by the average: a sale
// takes its share of the cost with it, rounded down to a base unit, so that nothing of what was paid is ever lost or counted
// twice. Nothing here may be used by several goroutines at a time.
package position
