package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// licences is the file with the licences of all that is shipped.
func (m *maker) licences() string { return filepath.Join(m.work, "LICENCES.txt") }

// documents writes the licences and the software bill of materials.
func (m *maker) documents(parts []component) error {
	texts := licenceTexts(parts)
	if err := os.WriteFile(m.licences(), texts, 0o644); err != nil {
		return err
	}
	copied := filepath.Join(m.work, "spinscope-"+m.version+"-licences.txt")
	if err := os.WriteFile(copied, texts, 0o644); err != nil {
		return err
	}
	if err := m.keep(copied); err != nil {
		return err
	}

	clients, err := m.clientParts(parts)
	if err != nil {
		return err
	}
	bill, err := m.bill(parts, clients)
	if err != nil {
		return err
	}
	path := filepath.Join(m.work, "spinscope-"+m.version+".cdx.json")
	if err := os.WriteFile(path, bill, 0o644); err != nil {
		return err
	}
	return m.keep(path)
}

func licenceTexts(parts []component) []byte {
	var page strings.Builder
	page.WriteString("Spinscope is under the MIT License. What it is made of, and on which terms:\n\n")
	for _, one := range parts {
		fmt.Fprintf(&page, "  %s %s: %s\n", one.name, one.version, one.licence)
	}
	for _, one := range parts {
		for _, file := range one.texts {
			fmt.Fprintf(&page, "\n%s\n%s %s: %s\n\n%s", strings.Repeat("=", 80), one.name, one.version, file.name, file.text)
		}
	}
	return []byte(page.String())
}

// bill is the software bill of materials, CycloneDX 1.6: of the programs, and of the clients' packages, which are beside them
// and hold nothing of what they need.
func (m *maker) bill(parts []component, clients []clientPart) ([]byte, error) {
	own := "pkg:generic/spinscope@" + m.version
	entries, depends := map[string]map[string]any{}, []any{}
	add := func(one component) error {
		if entries[one.url] != nil {
			return nil
		}
		entry, err := one.entry()
		entries[one.url] = entry
		return err
	}

	below := make([]string, 0, len(parts))
	for _, one := range parts {
		if err := add(one); err != nil {
			return nil, err
		}
		below = append(below, one.url)
	}
	depends = append(depends, map[string]any{"ref": own, "dependsOn": below})

	for _, client := range clients {
		if err := add(client.own); err != nil {
			return nil, err
		}
		var with []string
		var wanted []any
		for _, one := range client.uses {
			if err := add(one.component); err != nil {
				return nil, err
			}
			if one.optional {
				entries[one.url]["scope"] = "optional"
			}
			if one.wanted != "" {
				wanted = append(wanted, map[string]any{"name": "spinscope:takes", "value": one.name + " " + one.wanted})
			}
			with = append(with, one.url)
		}
		slices.Sort(with)
		entries[client.own.url]["properties"] = wanted
		depends = append(depends, map[string]any{"ref": client.own.url, "dependsOn": with})
	}

	list := make([]map[string]any, 0, len(entries))
	for _, url := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, entries[url])
	}
	text, err := json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"metadata": map[string]any{
			"timestamp": m.time.Format(time.RFC3339),
			"component": map[string]any{
				"type": "application", "bom-ref": own, "name": "spinscope", "version": m.version, "purl": own,
				"licenses": []any{map[string]any{"license": map[string]any{"id": "MIT"}}},
			},
		},
		"components":   list,
		"dependencies": depends,
	}, "", "  ")
	return append(text, '\n'), err
}

// entry is a component as CycloneDX has it.
func (c *component) entry() (map[string]any, error) {
	entry := map[string]any{"type": "library", "bom-ref": c.url, "name": c.name, "purl": c.url}
	if c.version != "" {
		entry["version"] = c.version
	}

	switch {
	case c.licence == notStated:
	case strings.Contains(c.licence, " "):
		entry["licenses"] = []any{map[string]any{"expression": c.licence}}
	default:
		entry["licenses"] = []any{map[string]any{"license": map[string]any{"id": c.licence}}}
	}

	if c.sum != "" {
		sum, err := base64.StdEncoding.DecodeString(c.sum)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.url, err)
		}
		entry["hashes"] = []any{map[string]any{"alg": "SHA-256", "content": hex.EncodeToString(sum)}}
	}
	return entry, nil
}
