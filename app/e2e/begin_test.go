package e2e

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A run that is killed leaves nothing behind. The test runs itself as that run.
func TestProgramsEndWithTheTests(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("SKIPPED: only Linux ends programs so")
	}
	if os.Getenv("SPINSCOPE_TEST_KILLED") != "" {
		sleeper := exec.Command("sleep", "600")
		if err := begin(sleeper); err != nil {
			t.Fatal(err)
		}
		_, _ = os.Stdout.WriteString("started " + strconv.Itoa(sleeper.Process.Pid) + "\n")
		select {}
	}

	run := exec.Command(os.Args[0], "-test.run", "^TestProgramsEndWithTheTests$")
	run.Env = append(os.Environ(), "SPINSCOPE_TEST_KILLED=1")
	output, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}

	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Process.Kill() })
	lines := bufio.NewScanner(output)
	pid := 0
	for pid == 0 && lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), "started "); ok {
			pid, _ = strconv.Atoi(text)
		}
	}

	if pid == 0 {
		t.Fatal("nothing was started")
	}
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}

	_ = run.Wait()
	sleeper, err := os.FindProcess(pid)
	if err != nil {
		return
	}

	for end := time.Now().Add(patience); alive(pid); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			_ = sleeper.Kill()
			t.Fatalf("process %d outlives the tests that started it", pid)
		}
	}
}

// alive reports whether a process runs; one that has ended and was not yet waited for does not.
func alive(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(text), ") ")
	return !strings.HasPrefix(state, "Z")
}
