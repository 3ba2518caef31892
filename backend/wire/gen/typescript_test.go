package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The committed files are what the page is built from: they must be those that the Go types and tables give today.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	texts, err := files("..")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range texts {
		got, err := os.ReadFile(filepath.Join("../../..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run `make gen`", name)
		}
	}
}

func TestGenerateShapes(t *testing.T) {
	dir := t.TempDir()
	source := "package wire\n\n// A is one.\ntype A struct {\n\tB\n\tX *int `json:\"x\" doc:\"An x\"`\n\tY []Z `json:\"y,omitempty\"`\n\tK string `json:\"k\" enum:\"a,b\"`\n\tL []string `json:\"l\" enum:\"a,b\"`\n\thidden int\n}\n\n// Z is two.\n//\n//ts:type number | string\ntype Z uint64\n\ntype G[T any] struct {\n\tData T `json:\"data\"`\n}\n"
	if err := os.WriteFile(dir+"/a.go", []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}

	got, err := generate(dir, dir+"/none")
	if err != nil {
		t.Fatal(err)
	}
	want := header + `
/** A is one. */
export interface A extends B {
  /** An x */
  x: number | null
  y?: Z[]
  k: 'a' | 'b'
  l: ('a' | 'b')[]
}

/** Z is two. */
export type Z = number | string

export interface G<T> {
  data: T
}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGenerateRefusesWhatItCannotSay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/a.go", []byte("package wire\ntype A struct {\n\tF func() `json:\"f\"`\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := generate(dir, dir+"/none"); err == nil {
		t.Error("a func field was accepted")
	}
}

// A program's package describes its events, and package wire names none of them.
func TestGenerateTakesShapesFromPrograms(t *testing.T) {
	dir := t.TempDir()
	for name, source := range map[string]string{
		"wire/a.go":            "package wire\n\n// Event is any.\n//\n//ts:events\ntype Event struct{ hidden int }\n",
		"program/shape.go":     "package program\n\ntype EventHead struct {\n\tSlot uint64 `json:\"slot\"`\n}\n",
		"program/a/shapes.go":  "package a\n\ntype Part struct {\n\tN program.Amount `json:\"n\"`\n}\n\ntype Bought struct {\n\tEventType string `json:\"event_type\" enum:\"Bought\"`\n\tprogram.EventHead\n\tPart\n}\n",
		"program/b/shapes.go":  "package b\n\ntype Sold struct {\n\tEventType string `json:\"event_type\" enum:\"Sold\"`\n}\n",
		"program/b/another.go": "package b\n\ntype Other struct {\n\tEventType string `json:\"event_type\"`\n}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	got, err := generate(filepath.Join(dir, "wire"), filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	want := header + `
/** Event is any. */
export type Event = Bought | Sold

export interface EventHead {
  slot: number
}

export interface Part {
  n: Amount
}

export interface Bought extends EventHead, Part {
  event_type: 'Bought'
}

export interface Sold {
  event_type: 'Sold'
}
`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
