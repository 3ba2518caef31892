package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maker makes the artefacts of one version.
type maker struct {
	root    string // of the repository
	dist    string
	work    string // what is thrown away at the end
	nfpm    string // the command
	python  string // a Python that has flit_core
	version string
	commit  string
	key     string    // public, of minisign, that programs believe releases of; "" for none
	page    string    // https address of what a person reads about the release; "": it is not described
	time    time.Time // of the commit: that of every file
}

func main() {
	m := maker{}
	flag.StringVar(&m.root, "root", ".", "the repository")
	flag.StringVar(&m.dist, "dist", "dist", "where the artefacts go")
	flag.StringVar(&m.nfpm, "nfpm", "nfpm", "the nfpm command")
	flag.StringVar(&m.python, "python", "python3", "a Python that has flit_core")
	flag.StringVar(&m.version, "version", "", "the version, such as 0.1.0 or 0.1.0-dev.3")
	flag.StringVar(&m.commit, "commit", "", "the commit")
	flag.StringVar(&m.key, "key", "", "minisign's public key that the programs believe; none without it")
	flag.StringVar(&m.page, "page", "", "https address of the release's page; without it there is no release.json")
	only := flag.String("only", "", "systems to build for, such as linux-amd64,windows-amd64, and clients; all without it")
	flag.Parse()

	if err := m.run(strings.FieldsFunc(*only, func(r rune) bool { return r == ',' || r == ' ' })); err != nil {
		fmt.Fprintln(os.Stderr, "package:", err)
		os.Exit(1)
	}
}

func (m *maker) run(only []string) error {
	if err := m.prepare(); err != nil {
		return err
	}
	defer os.RemoveAll(m.work)

	var wanted []artefact
	for _, a := range artefacts {
		if len(only) == 0 || slices.Contains(only, a.of.on.String()) {
			wanted = append(wanted, a)
		}
	}
	withClients := len(only) == 0 || slices.Contains(only, clientsOnly)
	if len(wanted) == 0 && !withClients {
		return fmt.Errorf("nothing is built for %v", only)
	}
	if withClients {
		if err := m.packClients(); err != nil {
			return err
		}
	}
	if len(wanted) > 0 {
		if err := m.programs(wanted); err != nil {
			return err
		}
	}
	if m.page != "" {
		if err := m.describe(); err != nil {
			return err
		}
	}
	return m.sign()
}

// programs makes the artefacts that hold a program, and the documents about them.
func (m *maker) programs(wanted []artefact) error {
	// All programs first: the documents that go into every package list what is in any of them.
	var built []string
	for _, a := range wanted {
		path, err := m.build(a.of)
		if err != nil {
			return err
		}
		if !slices.Contains(built, path) {
			built = append(built, path)
		}
	}
	parts, err := m.components(built)
	if err != nil {
		return err
	}
	if err := m.documents(parts); err != nil {
		return err
	}

	for _, a := range wanted {
		name := a.file(m.version)
		made := filepath.Join(m.work, name)
		if err := a.make(m, a.of, made); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := m.keep(made); err != nil {
			return err
		}
	}
	return nil
}

// prepare empties dist and sets what the commands that are run go by.
func (m *maker) prepare() (err error) {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH must be the commit's time in Unix seconds: %w", err)
	}
	m.time = time.Unix(seconds, 0).UTC()
	if m.version == "" {
		return fmt.Errorf("give -version")
	}

	for _, dir := range []*string{&m.root, &m.dist} {
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	m.work = filepath.Join(m.dist, ".work")
	old, err := filepath.Glob(filepath.Join(m.dist, "*"))
	if err != nil {
		return err
	}
	for _, path := range append(old, m.work) {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return os.MkdirAll(m.work, 0o755)
}

// keep moves a file that is whole into dist.
func (m *maker) keep(made string) error {
	if err := os.Chmod(made, 0o644); err != nil {
		return err
	}
	if err := os.Chtimes(made, m.time, m.time); err != nil {
		return err
	}
	info, err := os.Stat(made)
	if err != nil {
		return err
	}
	fmt.Printf("%9.1f MB  %s\n", float64(info.Size())/1e6, filepath.Base(made))
	return os.Rename(made, filepath.Join(m.dist, filepath.Base(made)))
}

// command runs a command in the repository; what it says is only of interest when it fails.
func (m *maker) command(env []string, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Dir = m.root
	command.Env = append(os.Environ(), env...)
	command.Stdin = os.Stdin // for the password of a key
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
	}
	return nil
}
