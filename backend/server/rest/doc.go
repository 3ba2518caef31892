// Package rest serves the JSON API of docs/rest.md and its OpenAPI 3.1 description.
//
// It owns no data: everything is read through the interfaces in source.go, each answer from one consistent read where
// the source offers one. No route writes. Handlers run concurrently and may take as long as the client's context lasts.
//
// Every answer is the envelope {success, data, message}. A bad parameter gives 400 with a message that starts with the
// parameter's name; a source that fails gives 500, logged here and named nowhere outside. Parameters are read strictly:
// given twice, empty or malformed is refused, unknown ones are ignored.
//
// Below /udf/ it is a data feed of TradingView's charting library (docs/tradingview.md): the same readers in the words of that
// protocol, without the envelope.
package rest
