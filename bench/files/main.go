package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	events := flag.Int64("events", 1_000_000, "events of the market")
	programs := flag.String("programs", "../build/bin/spinscope-server", "programs to measure, in turn, separated by commas")
	dir := flag.String("dir", "", "where to keep files and stores; a temporary directory without it, removed at the end")
	parts := flag.String("parts", "import verify export", "what to measure")
	flag.Parse()

	if *dir == "" {
		made, err := os.MkdirTemp("", "spinscope-files-*")
		if err != nil {
			log.Fatal(err)
		}
		defer os.RemoveAll(made) //nolint:errcheck // as far as it goes
		*dir = made
	}
	if err := run(*dir, strings.Split(*programs, ","), strings.Fields(*parts), *events); err != nil {
		log.Print(err)
	}
}

// run measures each command with every program, one after the other, so that what else the machine does hits all alike.
func run(dir string, programs, parts []string, events int64) error {
	feed := filepath.Join(dir, fmt.Sprintf("feed-%d.jsonl", events))
	if _, err := os.Stat(feed); err != nil {
		if err := writeFeed(feed, events); err != nil {
			return err
		}
	}

	store := func(i int) []string {
		return []string{"--cluster", "mainnet", "--data-dir", filepath.Join(dir, fmt.Sprintf("store-%d-%d", events, i))}
	}
	measured := func(name string, arguments func(i int) []string) error {
		first := 0.0
		for i, program := range programs {
			u, err := measure(program, arguments(i))
			if err != nil {
				return err
			}
			rows := events
			if u.rows > 0 {
				rows = u.rows
			}
			rate := float64(rows) / u.took.Seconds()
			if i == 0 {
				first = rate
			}
			fmt.Printf("%-16s %-20s %7.1f s %9.0f rows/s %6.2f x %7.1f s processor %5d MB (anonymous %d, mapped %d), load %s\n", name, filepath.Base(program),
				u.took.Seconds(), rate, rate/first, u.processor.Seconds(), u.resident>>20, u.anonymous>>20, u.mapped>>20, load())
		}

		return nil
	}

	for _, part := range parts {
		var err error
		switch part {
		case "import":
			for i := range programs {
				if err := os.RemoveAll(store(i)[3]); err != nil {
					return err
				}
			}
			err = measured(part, func(i int) []string { return append([]string{part, feed}, store(i)...) })
		case "verify":
			err = measured(part, func(i int) []string { return append([]string{part}, store(i)...) })
		case "export":
			for _, kind := range []string{"trades", "events", "candles"} {
				for _, format := range []string{"csv", "jsonl", "parquet"} {
					out := filepath.Join(dir, "out."+format)
					arguments := []string{part, kind, "-o", out}
					if kind == "candles" {
						arguments = append(arguments, "--interval", "s1") // about as many as events
					}
					if err := measured(kind+" "+format, func(i int) []string { return append(slices.Clone(arguments), store(i)...) }); err != nil {
						return err
					}
				}
			}
		default:
			err = fmt.Errorf("%s is no part: import, verify, export", part)
		}

		if err != nil {
			return err
		}
	}

	return nil
}

// usage is what a command took.
type usage struct {
	took, processor             time.Duration
	resident, anonymous, mapped int64 // bytes: the most of each at any time
	rows                        int64 // that it says it wrote; 0 when it says none
}

// written is how an export says how many rows it wrote.
var written = regexp.MustCompile(`(\d+) rows written to`)

// measure runs a command and returns what it took.
func measure(program string, arguments []string) (u usage, err error) {
	var said bytes.Buffer
	command := exec.Command(program, arguments...) //nolint:gosec,noctx // what is to be measured
	command.Stdout, command.Stderr = &said, &said
	begun := time.Now()
	if err := command.Start(); err != nil {
		return u, err
	}

	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		select {
		case err := <-ended:
			tick.Stop()
			if err != nil {
				err = fmt.Errorf("%s %s: %w: %s", program, strings.Join(arguments, " "), err, said.String())
			}
			if found := written.FindSubmatch(said.Bytes()); found != nil {
				u.rows, _ = strconv.ParseInt(string(found[1]), 10, 64)
			}
			u.took, u.processor = time.Since(begun), command.ProcessState.UserTime()+command.ProcessState.SystemTime()
			return u, err
		case <-tick.C:
			u.look(command.Process.Pid)
		}
	}
}

// look takes in what is resident of a process now, and was at most. The figure of a process that ended would count its
// parent's memory too.
func (u *usage) look(pid int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // none after its end
	for line := range strings.SplitSeq(string(text), "\n") {
		name, value, _ := strings.Cut(line, ":")
		highest := map[string]*int64{"VmHWM": &u.resident, "RssAnon": &u.anonymous, "RssFile": &u.mapped}[name]
		if highest == nil {
			continue
		}
		kb, _ := strconv.ParseInt(strings.Fields(value)[0], 10, 64)
		*highest = max(*highest, kb<<10)
	}
}

// load is the machine's load of the last minute.
func load() string {
	text, _ := os.ReadFile("/proc/loadavg") // a system without one says nothing
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
