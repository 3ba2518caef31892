package main

import (
	"cmp"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// component is a piece of somebody else's that is part of what is shipped.
type component struct {
	url     string // package URL, which names it
	name    string
	version string
	sum     string // SHA-256 of a Go module's files, as go.sum has it, without "h1:"
	licence string // SPDX expression
	texts   []text
}

// text is one file of a component that says what may be done with it.
type text struct{ name, text string }

// components are all that is in the programs and in the page, by name.
func (m *maker) components(programs []string) ([]component, error) {
	all := map[string]component{}
	dirs, err := m.moduleDirs()
	if err != nil {
		return nil, err
	}
	var goVersion string
	for _, path := range programs {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		goVersion = strings.TrimPrefix(info.GoVersion, "go")
		for _, module := range info.Deps {
			if module.Replace != nil {
				module = module.Replace
			}
			url := "pkg:golang/" + strings.ToLower(module.Path) + "@" + module.Version
			if _, ok := all[url]; ok {
				continue
			}
			one := component{url: url, name: module.Path, version: module.Version, sum: strings.TrimPrefix(module.Sum, "h1:")}
			if err := one.read(dirs[module.Path+"@"+module.Version]); err != nil {
				return nil, err
			}
			all[url] = one
		}
	}

	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	std := component{url: "pkg:golang/std@" + goVersion, name: "Go's standard library", version: goVersion}
	if err := std.read(strings.TrimSpace(string(root))); err != nil {
		return nil, err
	}
	all[std.url] = std

	if err := m.pageComponents(all); err != nil {
		return nil, err
	}
	list := make([]component, 0, len(all))
	for _, one := range all {
		list = append(list, one)
	}
	slices.SortFunc(list, func(a, b component) int { return cmp.Compare(a.url, b.url) })
	return list, nil
}

// moduleDirs are where the modules lie that the program may be built of, by PATH@VERSION.
func (m *maker) moduleDirs() (map[string]string, error) {
	list := exec.Command("go", "list", "-m", "-f", "{{.Path}}@{{.Version}}\t{{.Dir}}", "all")
	list.Dir = m.root
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	dirs := map[string]string{}
	for line := range strings.Lines(string(out)) {
		name, dir, _ := strings.Cut(strings.TrimSpace(line), "\t")
		dirs[name] = dir
	}
	return dirs, nil
}

const modulesDir = "node_modules/"

// lockedPackage is what package-lock.json says of a package, by its place.
type lockedPackage struct {
	Version      string            `json:"version"`
	Dev          bool              `json:"dev"`
	DevOptional  bool              `json:"devOptional"`
	Dependencies map[string]string `json:"dependencies"`
}

// locked is the page's package-lock.json.
func (m *maker) locked() (map[string]lockedPackage, error) {
	raw, err := os.ReadFile(filepath.Join(m.root, "frontend", "package-lock.json"))
	if err != nil {
		return nil, err
	}
	var lock struct {
		Packages map[string]lockedPackage `json:"packages"`
	}
	return lock.Packages, json.Unmarshal(raw, &lock)
}

func npmURL(name, version string) string {
	return "pkg:npm/" + strings.Replace(name, "@", "%40", 1) + "@" + version
}

// pageComponents adds what the page is bundled from: the dependencies that are not for development, and the font.
func (m *maker) pageComponents(all map[string]component) error {
	frontend := filepath.Join(m.root, "frontend")
	lock, err := m.locked()
	if err != nil {
		return err
	}

	for place, entry := range lock {
		at := strings.LastIndex(place, modulesDir)
		if at < 0 || entry.Dev || entry.DevOptional {
			continue
		}
		name := place[at+len(modulesDir):]
		one := component{url: npmURL(name, entry.Version), name: name, version: entry.Version}
		if err := one.read(filepath.Join(frontend, filepath.FromSlash(place))); err != nil {
			return err
		}
		all[one.url] = one
	}

	font := component{url: "pkg:generic/inter", name: "Inter"}
	err = font.read(filepath.Join(frontend, "src", "assets", "fonts"))
	all[font.url] = font
	return err
}

// read finds the licence of what lies in a directory.
func (c *component) read(dir string) error {
	names, err := os.ReadDir(dir)
	if dir == "" || err != nil {
		return fmt.Errorf("%s %s is not there: %w", c.name, c.version, err)
	}
	for _, name := range names {
		upper := strings.ToUpper(name.Name())
		if name.IsDir() || !slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "NOTICE"}, func(word string) bool { return strings.HasPrefix(upper, word) }) ||
			strings.HasSuffix(upper, ".GO") {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(dir, name.Name()))
		if err != nil {
			return err
		}
		c.texts = append(c.texts, text{name.Name(), strings.TrimSpace(strings.ReplaceAll(string(raw), "\r\n", "\n")) + "\n"})
	}

	c.licence, err = licenceOf(c.texts)
	if err != nil && len(c.texts) == 0 {
		c.licence, err = stated(c.url, dir)
	}
	if err != nil {
		return fmt.Errorf("%s %s in %s: %w", c.name, c.version, dir, err)
	}
	return nil
}

// unstated are components that come without any word about a licence, each looked at by somebody: treeout is a part of
// solana-go, by its author, which is under the Apache License.
var unstated = []string{"pkg:golang/github.com/gagliardetto/treeout@v0.1.4"}

// notStated stands where a component names no licence.
const notStated = "NOASSERTION"

// stated is the licence of a component without a file about it: what its package.json says.
func stated(url, dir string) (string, error) {
	if slices.Contains(unstated, url) {
		return notStated, nil
	}
	var described struct {
		License string `json:"license"`
	}
	raw, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err == nil {
		err = json.Unmarshal(raw, &described)
	}
	if err != nil || described.License == "" {
		return "", errLicence
	}
	return described.License, nil
}

// marks are words of the licences that are known, by their SPDX identifier.
var marks = []struct{ licence, words string }{
	{"Apache-2.0", "Apache License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License Version 2.0"},
	{"MPL-2.0", "Mozilla Public License, version 2.0"},
	{"OFL-1.1", "SIL OPEN FONT LICENSE Version 1.1"},
	{"BSD-3-Clause", "may be used to endorse or promote products"},
	{"BSD-2-Clause", "Redistributions in binary form must reproduce"},
	{"ISC", "Permission to use, copy, modify, and/or distribute this software"},
	{"ISC", "Permission to use, copy, modify, and distribute this software"},
	{"MIT", "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"},
	{"Unlicense", "This is free and unencumbered software released into the public domain"},
	{"CC0-1.0", "CC0 1.0 Universal"},
}

var errLicence = errors.New("no licence that is known: add its words to marks, if it may be shipped")

// licenceOf tells the licence from the words of the texts; where there are several, all of them hold.
func licenceOf(texts []text) (string, error) {
	var found []string
	for _, one := range texts {
		words := strings.Join(strings.Fields(one.text), " ")
		for _, mark := range marks {
			if !strings.Contains(words, mark.words) || slices.Contains(found, mark.licence) {
				continue
			}
			if mark.licence == "BSD-2-Clause" && strings.Contains(words, "may be used to endorse or promote products") {
				continue
			}
			found = append(found, mark.licence)
		}
	}
	if len(found) == 0 {
		return "", errLicence
	}
	slices.Sort(found)
	return strings.Join(found, " AND "), nil
}
