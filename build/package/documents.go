package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
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

	bill, err := m.bill(parts)
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

// bill is the software bill of materials, CycloneDX 1.6.
func (m *maker) bill(parts []component) ([]byte, error) {
	own := "pkg:generic/spinscope@" + m.version
	list := make([]map[string]any, 0, len(parts))
	below := make([]string, 0, len(parts))
	for _, one := range parts {
		entry := map[string]any{"type": "library", "bom-ref": one.url, "name": one.name, "purl": one.url}
		if one.version != "" {
			entry["version"] = one.version
		}
		switch {
		case one.licence == notStated:
		case strings.Contains(one.licence, " "):
			entry["licenses"] = []any{map[string]any{"expression": one.licence}}
		default:
			entry["licenses"] = []any{map[string]any{"license": map[string]any{"id": one.licence}}}
		}
		if one.sum != "" {
			sum, err := base64.StdEncoding.DecodeString(one.sum)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", one.url, err)
			}
			entry["hashes"] = []any{map[string]any{"alg": "SHA-256", "content": hex.EncodeToString(sum)}}
		}
		list = append(list, entry)
		below = append(below, one.url)
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
		"dependencies": []any{map[string]any{"ref": own, "dependsOn": below}},
	}, "", "  ")
	return append(text, '\n'), err
}
