// Package guard decides which HTTP requests may pass: by Host against DNS rebinding, by Origin against foreign pages,
// by token where one is set. It guards plain requests, polling and WebSocket upgrades alike.
//
// It owns only its configuration, keeps no state between requests and is safe for concurrent use. It fails closed:
// what it cannot parse is refused. Refusals are answered with the failure envelope.
package guard
