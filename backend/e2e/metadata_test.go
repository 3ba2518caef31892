package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type uriData struct {
	Name, Symbol, Description, Image *string
	ShowName                         *bool
	Website                          *string
}

// details asks for the tokens' records.
func (s *server) details(mints ...string) (map[string]*uriData, error) {
	body, err := json.Marshal(map[string]any{"mints": mints})
	if err != nil {
		return nil, err
	}

	status, answer, err := try(http.MethodPost, s.url("/api/details"), map[string]string{"Content-Type": "application/json"}, body)
	if err != nil {
		return nil, err
	}

	var data struct {
		Details []struct {
			Mint    string   `json:"mint_account"`
			Name    string   `json:"name"`
			URIData *uriData `json:"uri_data"`
		}
	}
	if err := envelope(status, answer, &data); err != nil {
		return nil, err
	}

	found := map[string]*uriData{}
	for _, each := range data.Details {
		if each.URIData != nil && *each.URIData.Name != each.Name {
			return nil, fmt.Errorf("%s: %q has the metadata of %q", each.Mint, each.Name, *each.URIData.Name)
		}
		found[each.Mint] = each.URIData
	}

	return found, nil
}

func (s *server) mints(t *testing.T, least int) (mints []string) {
	t.Helper()
	await(t, "mints", func() error {
		var data struct{ Mints []string }
		s.get("/api/mints", &data)
		if mints = data.Mints; len(mints) < least {
			return fmt.Errorf("%d mints", len(mints))
		}
		return nil
	})
	return mints
}

// described waits until every mint has metadata.
func (s *server) described(t *testing.T, mints []string) (found map[string]*uriData) {
	t.Helper()
	await(t, "metadata", func() (err error) {
		if found, err = s.details(mints...); err != nil {
			return err
		}
		for _, mint := range mints {
			if data := found[mint]; data == nil || data.Symbol == nil || data.Image == nil || data.ShowName == nil || !*data.ShowName {
				return fmt.Errorf("%s: %+v", mint, data)
			}
		}
		return nil
	})
	return found
}

// picture waits for the mint's picture.
func (s *server) picture(t *testing.T, mint string) (data []byte) {
	t.Helper()
	await(t, "picture", func() error {
		status, body, err := try(http.MethodGet, s.url("/api/image/"+mint), nil, nil)
		if err == nil && status != http.StatusOK {
			err = fmt.Errorf("HTTP %d: %.200s", status, body)
		}
		data = body
		return err
	})
	if _, err := png.Decode(bytes.NewReader(data)); err != nil {
		t.Fatalf("picture of %s: %v", mint, err)
	}
	return data
}

func TestMetadataOfTheDemo(t *testing.T) {
	t.Parallel()
	s := startServer(t, t.TempDir(), "--cluster", "demo")
	mints := s.mints(t, 1)
	s.described(t, mints)
	s.picture(t, mints[0])
	if status, _ := request(t, http.MethodGet, s.url("/api/image/11111111111111111111111111111111"), nil, nil); status != http.StatusNotFound {
		t.Errorf("an unknown mint's picture: HTTP %d", status)
	}
	_, metrics := request(t, http.MethodGet, s.url("/metrics"), nil, nil)
	if !strings.Contains(string(metrics), `spinscope_metadata_fetches_total{result="picture"} 1`) {
		t.Error("metrics do not count the picture")
	}
	s.end()
}

// Metadata comes through the configured gateway, is kept over a restart without one, and can be turned off. A gateway at
// another port of this machine is as private as anything.
func TestMetadataThroughAGateway(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	configured := func(lines string) string {
		path := filepath.Join(t.TempDir(), "config.toml")
		if err := os.WriteFile(path, []byte("[metadata]\nmax_retries = 0\n"+lines+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir := t.TempDir()
	start := func(lines string) *server {
		return startServer(t, dir, append(c.flags(), "--config", configured(lines))...)
	}

	s := start(`ipfs_gateway = "` + c.rpc + `ipfs/"`)
	c.rest()
	mints := s.mints(t, 3)
	before := s.described(t, mints)
	picture := s.picture(t, mints[0])
	s.end()

	s = start(`ipfs_gateway = "http://127.0.0.1:1/ipfs/"`)
	after := s.described(t, mints)
	for _, mint := range mints {
		if *after[mint].Symbol != *before[mint].Symbol || *after[mint].Image != *before[mint].Image {
			t.Errorf("%s: metadata changed over a restart", mint)
		}
	}

	if again := s.picture(t, mints[0]); !bytes.Equal(again, picture) {
		t.Error("the picture changed over a restart")
	}
	s.end()

	s = start(`enabled = false`)
	found, err := s.details(mints...)
	if err != nil || len(found) != len(mints) {
		t.Fatalf("%d details, %v", len(found), err)
	}

	for mint, data := range found {
		if data != nil {
			t.Errorf("%s has metadata, which is turned off", mint)
		}
	}

	if status, _ := request(t, http.MethodGet, s.url("/api/image/"+mints[0]), nil, nil); status != http.StatusNotFound {
		t.Errorf("a picture while turned off: HTTP %d", status)
	}
	s.end()
}
