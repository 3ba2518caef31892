// Package proxy finds the proxy that a connection to the outside goes through, by the variables that other programs
// heed too: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY for whatever the first two do not set, and NO_PROXY for hosts that are reached
// directly, each in capitals or in small letters. This machine itself is always reached directly.
//
// Owner: nobody; the functions keep no state. They are safe for concurrent use and read the environment when called.
//
// Failure: a variable that holds no proxy's address is an error of Check, which a program calls at its start. Without that
// call it would count as not set, and connections would go past the proxy without a word.
//
// Secrets: a proxy's address may hold a password. No error holds more of it than the variable's name, or scheme and host.
package proxy
