// Package liquidation works out how far the open margin orders of a coin are from being liquidated, in which order a moving price
// meets them, which of them fall together, and what each is worth now.
//
// An order is liquidated when the price reaches the start of its range. Its own closing trade then takes the price to the end of
// the range, and so into the ranges that begin before that: those orders fall with it, without any further trade.
//
// Everything is pure, and exact in integers: amounts in base units, prices as market.Price. What is a fraction is said so.
package liquidation
