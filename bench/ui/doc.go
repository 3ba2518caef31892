// Command ui serves the built page and feeds it as fast as a measurement wants: the namespace /ws/kline and the answers of
// /api that the page asks for, over a market that is made up on the spot. It exists for `make bench-ui`, where the rate has
// to be known and the server must cost nothing; frontend/tools/bench-ui.mjs drives it.
//
// POST /bench/feed?shown=200&listed=50 sets how many updates a second the shown topic gets, and how many tokens of the list
// change four times a second; &trades=1000000&span=8h instead pushes so many trades of the shown token as fast as the
// rate `shown` says, while the market's clock runs through the span.
package main
