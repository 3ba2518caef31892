package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"github.com/pelletier/go-toml/v2"

	"spinscope/backend/textfile"
)

// ErrChanged is returned by Stage for a file that is not the one that was read any more.
var ErrChanged = errors.New("the configuration file was changed by someone else meanwhile")

// File is a configuration file as it was when it was read. It need not exist.
type File struct {
	Path   string
	Found  bool
	Config Config // defaults with the file over them, not validated
	text   []byte
}

// ReadFile reads a configuration file. An empty path, as where there is no place for one, and a file that does not
// exist give the defaults.
func ReadFile(path string) (*File, error) {
	f := &File{Path: path, Config: Default()}
	if path == "" {
		return f, nil
	}
	text, err := textfile.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: read file: %w", ErrConfig, err)
	}
	if err := parse(text, &f.Config); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrConfig, path, err)
	}
	f.Found, f.text = true, text
	return f, nil
}

// Revision tells one content of the file from another.
func (f *File) Revision() string {
	if !f.Found {
		return "none"
	}
	sum := sha256.Sum256(f.text)
	return hex.EncodeToString(sum[:])
}

// Staged is a file that was written beside the configuration file and takes its place with Commit.
type Staged struct {
	path, temporary string
	before          []byte // of the file that is replaced, nil when it is kept in the new one
}

// Stage writes a file with the given configuration: the text that was read with the values that differ put in, so that
// comments, order and whatever else stands there stay. A text that cannot be edited so is written anew, with its values
// alone; Backup then names where the old one goes. The file's mode is 0600, as it may hold keys.
func (f *File) Stage(next Config) (*Staged, error) {
	if f.Path == "" {
		return nil, fmt.Errorf("%w: this system names no place for the configuration file: give one with --config", ErrConfig)
	}
	path := f.Path
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}

	if now, err := ReadFile(f.Path); err != nil || now.Revision() != f.Revision() {
		return nil, ErrChanged
	}
	d := &Staged{path: path, temporary: path + ".new"}
	text, ok := edited(f.text, f.Config, next)
	if !ok {
		whole, err := toml.Marshal(next)
		if err != nil {
			return nil, fmt.Errorf("write configuration: %w", err)
		}
		text, d.before = append([]byte(headline), whole...), f.text
	}

	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	if err := writeSynced(d.temporary, text); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return d, nil
}

const (
	headline = "# Spinscope's configuration. docs/configuration.md describes every key.\n\n"
	fresh    = headline + "[solana]\ncluster = \"demo\"\n" // reads as the defaults
)

// edited is text with the values in which next differs from before. It is false when the result would not read as next.
func edited(text []byte, before, next Config) ([]byte, bool) {
	if len(text) == 0 {
		text = []byte(fresh)
	}
	out, err := edit(text, changes(before, next))
	if err != nil {
		return nil, false
	}
	check := Default()
	if err := parse(out, &check); err != nil || !same(check, next) {
		return nil, false
	}
	return out, true
}

// change is a value to be put into the file.
type change struct {
	section, key string
	value        reflect.Value
}

// changes lists the values of next that are not those of before, in the order of Config.
func changes(before, next Config) (list []change) {
	old, wanted := reflect.ValueOf(before), reflect.ValueOf(next)
	for i := range wanted.NumField() {
		section := wanted.Type().Field(i).Tag.Get("toml")
		for j := range wanted.Field(i).NumField() {
			value := wanted.Field(i).Field(j)
			if !equal(old.Field(i).Field(j), value) {
				list = append(list, change{section, wanted.Field(i).Type().Field(j).Tag.Get("toml"), value})
			}
		}
	}
	return list
}

func same(a, b Config) bool { return len(changes(a, b)) == 0 }

// equal takes a list without elements for none.
func equal(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// writeSynced writes a file that nobody else may read, through to the disk.
func writeSynced(path string, text []byte) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // its mode could be another
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// Backup is where Commit puts the old file, because its comments could not be kept; empty when they are.
func (d *Staged) Backup() string {
	if len(bytes.TrimSpace(d.before)) == 0 {
		return ""
	}
	return d.path + ".bak"
}

// Commit puts the staged file in place of the file, whole or not at all.
func (d *Staged) Commit() error {
	if backup := d.Backup(); backup != "" {
		if err := writeSynced(backup, d.before); err != nil {
			return fmt.Errorf("keep the old configuration: %w", err)
		}
	}
	if err := os.Rename(d.temporary, d.path); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}

// Discard removes a staged file that is not wanted any more.
func (d *Staged) Discard() { _ = os.Remove(d.temporary) }
