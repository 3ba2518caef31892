//go:build desktop

package app

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"spinscope/backend/market"
)

// The page declares the bindings by hand (frontend/src/native.ts); none may be missing on either side.
func TestBindings(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "frontend", "src", "native.ts"))
	if err != nil {
		t.Fatal(err)
	}
	_, declared, _ := strings.Cut(string(source), "interface Bindings {")
	declared, _, found := strings.Cut(declared, "}\n\n")
	if !found {
		t.Fatal("native.ts has no interface Bindings")
	}

	var page, shell []string
	for _, match := range regexp.MustCompile(`(?m)^  (\w+)\(`).FindAllStringSubmatch(declared, -1) {
		page = append(page, match[1])
	}

	for method := range reflect.TypeFor[*App]().Methods() {
		shell = append(shell, method.Name)
	}
	slices.Sort(page)
	if !slices.Equal(page, shell) { // methods come sorted
		t.Errorf("the page knows %v, the shell offers %v", page, shell)
	}
}

func TestWords(t *testing.T) {
	var got []string
	for _, i := range market.AllIntervals() {
		got = append(got, i.Words())
	}
	want := "1 second, 5 seconds, 15 seconds, 30 seconds, 1 minute, 3 minutes, 5 minutes, 15 minutes, 30 minutes, " +
		"1 hour, 2 hours, 4 hours, 1 day, 1 week"
	if strings.Join(got, ", ") != want {
		t.Errorf("%q", got)
	}
}

func TestLoadGeometry(t *testing.T) {
	fallback := geometry{Width: 1280, Height: 800}
	for text, want := range map[string]geometry{
		`{"x":1,"y":2,"width":900,"height":700,"maximised":true}`: {X: 1, Y: 2, Width: 900, Height: 700, Maximised: true, known: true},
		`{"width":900}`:                     fallback,
		`{"width":90000000,"height":700}`:   fallback,
		`{"width":-900,"height":-700}`:      fallback,
		`{"width":"900","height":700}`:      fallback,
		`{"width":900,"height":700`:         fallback,
		``:                                  fallback,
		`{"width":400,"height":300,"x":-5}`: {X: -5, Width: 400, Height: 300, known: true},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, geometryFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := loadGeometry(dir, geometryFile); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}

	if got := loadGeometry(t.TempDir(), geometryFile); got != fallback {
		t.Errorf("without a file: %+v", got)
	}
}

func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &App{}
		expect := func(want bool, when string) {
			t.Helper()
			if got := a.silent(); got != want {
				t.Errorf("%s: silent is %v", when, got)
			}
		}
		time.Sleep(time.Hour)
		expect(false, "before the page")
		a.Heartbeat()
		time.Sleep(silence)
		expect(false, "at the limit")
		time.Sleep(time.Millisecond)
		expect(true, "past it")
		a.Heartbeat()
		expect(false, "after another sign of life")
		a.expectHeartbeat(false)
		time.Sleep(time.Hour)
		expect(false, "while the page is loaded anew")
	})
}

func TestClaim(t *testing.T) {
	dir, err := os.MkdirTemp("", "claim") // short: it holds a socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)

	shown := make(chan struct{}, 8)
	first, err := claim(dir, func() { shown <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}

	if _, err := claim(dir, nil); !errors.Is(err, errAlreadyOpen) {
		t.Fatalf("the second start got %v", err)
	}
	<-shown
	first.Close()
	second, err := claim(dir, nil)
	if err != nil {
		t.Fatalf("after the first was closed: %v", err)
	}

	second.Close()

	// A crash leaves the socket behind, with nobody listening.
	left, err := net.Listen("unix", filepath.Join(dir, instanceFile))
	if err != nil {
		t.Fatal(err)
	}

	left.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = left.Close()
	third, err := claim(dir, nil)
	if err != nil {
		t.Fatalf("after a crash: %v", err)
	}

	third.Close()

	if _, err := claim(filepath.Join(dir, strings.Repeat("long", 40)), nil); err == nil || errors.Is(err, errAlreadyOpen) {
		t.Errorf("a path too long for a socket: %v", err)
	}
	instance{}.Close()
}
