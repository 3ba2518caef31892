// Package server is the HTTP side: the REST API, the Socket.IO endpoint, the page, health and Prometheus metrics, behind
// one guard.
//
// It owns the listener it serves and the metrics registry, and starts no goroutine but the one that waits for the end of
// Serve's context. Handlers run concurrently; hijacked and long-polling connections belong to the Socket.IO handler,
// which its owner closes before Serve's context ends. A failing handler is answered with 500 and logged; only a broken
// listener ends Serve with an error.
package server
