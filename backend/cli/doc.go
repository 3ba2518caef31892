// Package cli is the command line: commands, flags, exit codes.
//
// Exit codes: 0 ok, 1 failure while running, 2 usage or configuration error. Whatever goes wrong is one line on standard
// error that says what, where and how to mend it.
//
//go:generate go test -run "^(TestCommandsPage|TestManual|TestCompletions)$" -update .
package cli
