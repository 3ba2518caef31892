//go:build !unix

package exampletest

import "testing"

// lock does nothing here: run one test package at a time.
func lock(testing.TB, string) (unlock func()) { return func() {} }
