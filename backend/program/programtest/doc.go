// Package programtest holds what the tests of the program plugs share: recorded events as an independent decoder reads
// them, and events with random fields. It is for tests only.
package programtest
