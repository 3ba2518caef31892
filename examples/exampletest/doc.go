// Package exampletest runs the example clients in tests. It installs what they need on first use, into the examples'
// own folders, and skips a test, saying why, on a machine without Node.js or Python.
//
// Several test binaries may use it at once: a lock file lets one install while the others wait.
package exampletest
