package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// needed is what is installed with a client's package; it is no part of the package itself. The version is the one that the
// package is tested with.
type needed struct {
	component
	wanted   string // versions that the package takes, in the words of its kind; "" of what others bring along
	optional bool   // only for those who ask for it
}

// clientPart is a client's package and what is installed with it.
type clientPart struct {
	own  component
	uses []needed
}

// pythonNeeds is what the wheel's pyproject.toml names, which has no lock file.
var pythonNeeds = []needed{
	{component{url: "pkg:pypi/aiohttp@3.12.15", name: "aiohttp", version: "3.12.15", licence: "Apache-2.0 AND MIT"}, ">=3.9,<4", false},
	{component{url: "pkg:pypi/pandas@2.3.1", name: "pandas", version: "2.3.1", licence: "BSD-3-Clause"}, ">=2.0", true},
	{component{url: "pkg:pypi/polars@1.35.2", name: "polars", version: "1.35.2", licence: "MIT"}, ">=1.0", true},
}

// clientParts are the clients' packages. Of parts, what is in the programs and the page, it takes what they share.
func (m *maker) clientParts(parts []component) ([]clientPart, error) {
	var all []clientPart
	for _, of := range []func([]component) (clientPart, error){m.npmPart, m.pythonPart, m.goPart} {
		part, err := of(parts)
		if err != nil {
			return nil, err
		}
		part.own.licence = "MIT"
		all = append(all, part)
	}
	return all, nil
}

// npmPart is the package for Node.js and browsers, whose dependencies are the page's too: with the versions that are locked there.
func (m *maker) npmPart(parts []component) (part clientPart, err error) {
	raw, err := os.ReadFile(filepath.Join(m.root, "frontend", "src", "api", "client", "package.json"))
	if err != nil {
		return part, err
	}
	var described struct {
		Name         string            `json:"name"`
		Dependencies map[string]string `json:"dependencies"`
	}
	if err := json.Unmarshal(raw, &described); err != nil {
		return part, err
	}
	lock, err := m.locked()
	if err != nil {
		return part, err
	}

	part.own = component{url: npmURL(described.Name, m.version), name: described.Name, version: m.version}
	var add func(from, name, wanted string) error
	add = func(from, name, wanted string) error {
		place := placeOf(lock, from, name)
		url := npmURL(name, lock[place].Version)
		if slices.ContainsFunc(part.uses, func(n needed) bool { return n.url == url }) {
			return nil
		}
		at := slices.IndexFunc(parts, func(c component) bool { return c.url == url })
		if at < 0 {
			return fmt.Errorf("%s, which %s needs, is not among what the page is built from", url, described.Name)
		}

		part.uses = append(part.uses, needed{component: parts[at], wanted: wanted})
		for below := range lock[place].Dependencies {
			if err := add(place, below, ""); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(described.Dependencies)) {
		if err := add("", name, described.Dependencies[name]); err != nil {
			return part, err
		}
	}
	return part, nil
}

// placeOf is where Node.js finds a package that one at a place asks for: below it, or below one of those that hold it.
func placeOf(lock map[string]lockedPackage, from, name string) string {
	for {
		place := path.Join(from, modulesDir, name)
		if _, ok := lock[place]; ok || from == "" {
			return place
		}
		at := strings.LastIndex(from, modulesDir)
		from = strings.TrimSuffix(from[:max(at, 0)], "/")
	}
}

// requirement is one that pyproject.toml names.
var requirement = regexp.MustCompile(`"([a-z][a-z0-9_-]*)([<>=!~][^"]*)"`)

// pythonPart is the wheel. It fails when pyproject.toml names something else than pythonNeeds does.
func (m *maker) pythonPart([]component) (part clientPart, err error) {
	text, err := os.ReadFile(filepath.Join(m.root, "frontend", "clients", "python", "pyproject.toml"))
	if err != nil {
		return part, err
	}
	_, project, _ := strings.Cut(string(text), "\n[project]\n")
	found := requirement.FindAllStringSubmatch(project, -1)
	for _, one := range found {
		if !slices.ContainsFunc(pythonNeeds, func(n needed) bool { return n.name == one[1] && n.wanted == one[2] }) {
			return part, fmt.Errorf("pyproject.toml needs %s%s: put it into pythonNeeds, with its licence", one[1], one[2])
		}
	}
	if len(found) != len(pythonNeeds) {
		return part, fmt.Errorf("pyproject.toml needs %d packages, pythonNeeds has %d", len(found), len(pythonNeeds))
	}

	version := pep(m.version)
	return clientPart{component{url: "pkg:pypi/spinscope@" + version, name: "spinscope", version: version}, pythonNeeds}, nil
}

// goPart is the Go module, with the versions of its go.mod.
func (m *maker) goPart([]component) (part clientPart, err error) {
	part.own = component{url: "pkg:golang/spinscope/client@v" + m.version, name: "spinscope/client", version: "v" + m.version}

	// What its tests alone need is not in the build list of the package.
	list := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", ".")
	list.Dir, list.Env = filepath.Join(m.root, "frontend", "clients", "go"), append(os.Environ(), "GOWORK=off")
	out, err := list.Output()
	if err != nil {
		return part, fmt.Errorf("go list: %w", err)
	}

	seen := map[string]bool{"": true}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if seen[line] {
			continue
		}
		seen[line] = true
		fields := strings.Split(line, "\t")
		one := component{url: "pkg:golang/" + strings.ToLower(fields[0]) + "@" + fields[1], name: fields[0], version: fields[1]}
		if err := one.read(fields[2]); err != nil {
			return part, err
		}
		part.uses = append(part.uses, needed{component: one, wanted: fields[1]})
	}
	return part, nil
}
