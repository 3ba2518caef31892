package e2e

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// beginning takes programs to be started by one thread that lasts as long as the tests: the system ends a program when
// the thread that started it does.
var beginning = sync.OnceValue(func() chan func() {
	calls := make(chan func())
	go func() {
		runtime.LockOSThread()
		for call := range calls {
			call()
		}
	}()
	return calls
})

// begin starts a program that ends with the tests, even when they are killed or run out of time, and clean up nothing.
func begin(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	failed := make(chan error)
	beginning() <- func() { failed <- cmd.Start() }
	return <-failed
}
