package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// tree is a set of files by their path, with slashes.
type tree map[string]entry

// entry is a file's content, a path or a text, or a directory; its mode is 0644 or 0755 where none is given.
type entry struct {
	from string
	text []byte
	mode fs.FileMode
	dir  bool
	link string // symbolic link to it
	user int    // and group, for archives only
}

func (e entry) content() ([]byte, error) {
	if e.from == "" {
		return e.text, nil
	}
	return os.ReadFile(e.from)
}

func (e entry) permission() fs.FileMode {
	switch {
	case e.mode != 0:
		return e.mode
	case e.dir:
		return 0o755
	}
	return 0o644
}

// add takes in all files below a directory.
func (t tree) add(below, dir string) error {
	return filepath.WalkDir(dir, func(name string, entryOf fs.DirEntry, err error) error {
		if err != nil || entryOf.IsDir() {
			return err
		}
		relative, err := filepath.Rel(dir, name)
		t[path.Join(below, filepath.ToSlash(relative))] = entry{from: name}
		return err
	})
}

// under is the tree below a directory.
func (t tree) under(dir string) tree {
	moved := tree{}
	for name, one := range t {
		moved[path.Join(dir, name)] = one
	}
	return moved
}

// whole adds the directories that the files are in.
func (t tree) whole() tree {
	all := maps.Clone(t)
	for name := range t {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if _, ok := all[dir]; !ok {
				all[dir] = entry{dir: true}
			}
		}
	}
	return all
}

// write lays the tree into a directory, with every time the same.
func (t tree) write(root string, at time.Time) error {
	all := t.whole()
	names := slices.Sorted(maps.Keys(all))
	for _, name := range names {
		one, place := all[name], filepath.Join(root, filepath.FromSlash(name))
		if one.dir {
			if err := os.MkdirAll(place, 0o755); err != nil {
				return err
			}
			continue
		}
		if one.link != "" {
			if err := os.Symlink(one.link, place); err != nil {
				return err
			}
			continue
		}
		text, err := one.content()
		if err != nil {
			return err
		}
		if err := os.WriteFile(place, text, 0o600); err != nil {
			return err
		}
	}

	slices.Reverse(names) // a directory's time changes with what is in it
	for _, name := range append(names, ".") {
		one, place := all[name], filepath.Join(root, filepath.FromSlash(name))
		if one.link != "" {
			continue
		}
		if name == "." {
			one.dir = true
		}
		if err := os.Chmod(place, one.permission()); err != nil { // whatever the umask is
			return err
		}
		if err := os.Chtimes(place, at, at); err != nil {
			return err
		}
	}
	return nil
}

// tar writes the tree as a tar archive, in the order of names and owned by nobody in particular.
func (t tree) tar(to io.Writer, at time.Time) error {
	all := t.whole()
	archive := tar.NewWriter(to)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		one := all[name]
		head := &tar.Header{
			Name: name, Mode: int64(one.permission().Perm()), ModTime: at, Typeflag: tar.TypeReg, Format: tar.FormatUSTAR,
			Uid: one.user, Gid: one.user,
		}
		if one.permission()&fs.ModeSticky != 0 {
			head.Mode |= 0o1000
		}
		text, err := one.content()
		if err != nil {
			return err
		}
		switch {
		case one.dir:
			head.Typeflag, head.Name = tar.TypeDir, name+"/"
		case one.link != "":
			head.Typeflag, head.Linkname = tar.TypeSymlink, one.link
		default:
			head.Size = int64(len(text))
		}
		if err := archive.WriteHeader(head); err != nil {
			return err
		}
		if _, err := archive.Write(text); err != nil {
			return err
		}
	}
	return archive.Close()
}

// zipped is text compressed by gzip, without a name and a time in it.
func zipped(text []byte) ([]byte, error) {
	var out bytes.Buffer
	packer, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := packer.Write(text); err != nil {
		return nil, err
	}
	err = packer.Close()
	return out.Bytes(), err
}

// zipPages compresses the manual pages, as Linux distributions have them.
func (t tree) zipPages() error {
	for name, one := range maps.Clone(t) {
		if !strings.Contains(name, "/man/") {
			continue
		}
		text, err := one.content()
		if err != nil {
			return err
		}
		packed, err := zipped(text)
		if err != nil {
			return err
		}
		delete(t, name)
		t[name+".gz"] = entry{text: packed}
	}
	return nil
}
