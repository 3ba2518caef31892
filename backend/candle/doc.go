// Package candle turns trades into candles. It is a pure state machine: no clock, no I/O, no goroutine.
//
// market.OpenCandles are the candles of one mint that chain time has not closed yet. Fold adds the next trade, Close closes
// what chain time has passed, Build makes the candles of a stretch of trades anew. All three follow the rules of
// docs/protocol.md (§3 of the contract): the bucket comes from block time, the open is the previous candle's close
// however old, high and low include the open, empty buckets have no candle.
//
// Trades are ordered by (block time, position). The caller owns a market.OpenCandles and passes it to one goroutine at a time.
package candle
