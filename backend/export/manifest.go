package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"math"
	"os"
	"path/filepath"
	"time"

	"spinscope/backend/market"
	"spinscope/backend/wire"
)

// ManifestEnding is what the name of a file's manifest has behind that of the file.
const ManifestEnding = ".manifest.json"

// manifestVersion is written to manifests; a reader refuses a later one.
const manifestVersion = 1

// Manifest says what an export is: what was asked for, which commit it is of, where something is known to be missing, and
// the files with their checksums. It lies beside the file, or in the directory of a dataset, and is written last.
type Manifest struct {
	Version   int        `json:"manifest"`
	Kind      Kind       `json:"kind"`
	Format    Format     `json:"format"`
	Interval  string     `json:"interval,omitempty"`  // of candles
	Mints     []string   `json:"mints"`               // that were asked for; empty: all
	From      *int64     `json:"from"`                // block times in Unix seconds, inclusive, as asked for; null: no bound
	To        *int64     `json:"to"`                  //
	Partition string     `json:"partition,omitempty"` // day, of a dataset
	Store     string     `json:"store"`               // identity of the store that seq is of; empty when it is not known
	Seq       market.Seq `json:"seq"`                 // every commit up to it is in the export; of a running server perhaps later ones too
	Horizon   int64      `json:"horizon,omitempty"`   // what is older is deleted in the store; days of a dataset before it stay as they are
	Rows      int64      `json:"rows"`

	MarketCap *wire.ExportSupplies `json:"market_cap,omitempty"` // by which supplies, of a file with that column

	Gaps      []ManifestGap  `json:"gaps"` // known ones that were not filled
	Files     []ManifestFile `json:"files"`
	WrittenAt string         `json:"written_at"` // by this machine's clock, ISO-8601
}

// ManifestGap is a known gap, as a row of an export of gaps.
type ManifestGap struct {
	Mint     string `json:"mint,omitempty"` // empty: of the whole program
	FromSlot uint64 `json:"from_slot"`
	ToSlot   uint64 `json:"to_slot"`
	State    string `json:"state"`
	Cause    string `json:"cause"`
	FromTime int64  `json:"from_time,omitempty"` // block times of the stored events around it; 0: there is none
	ToTime   int64  `json:"to_time,omitempty"`
}

// ManifestFile is one file of an export.
type ManifestFile struct {
	Path   string `json:"path"` // from the manifest's directory, with slashes
	Rows   int64  `json:"rows"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of the file as it lies there
}

// NewManifest is the manifest of a request, as yet without files.
func NewManifest(req *Request) Manifest {
	m := Manifest{
		Version: manifestVersion, Kind: req.Kind, Format: req.Format, Mints: []string{}, Gaps: []ManifestGap{}, Files: []ManifestFile{},
		WrittenAt: time.Now().UTC().Format(time.RFC3339),
	}
	if req.Kind == Candles {
		m.Interval = req.Interval.String()
	}
	if req.MarketCap {
		m.MarketCap = &wire.ExportSupplies{}
	}
	for _, mint := range req.Mints {
		m.Mints = append(m.Mints, mint.String())
	}
	if req.From != math.MinInt64 {
		m.From = &req.From
	}
	if req.To != math.MaxInt64 {
		m.To = &req.To
	}
	return m
}

// GapsOf are the known gaps that concern a request and were not filled, for its manifest.
func GapsOf(ctx context.Context, source Source, req *Request) ([]ManifestGap, error) {
	about := *req
	about.Kind = Events // of which filled ones are left out
	x := exporter{req: &about}
	dated, err := x.datedGaps(ctx, source)
	if err != nil {
		return nil, fmt.Errorf("gaps for the manifest: %w", err)
	}

	gaps := []ManifestGap{}
	for _, mint := range append([]market.Pubkey{{}}, mintsOf(source, req)...) {
		for i := range dated[mint] {
			g := &dated[mint][i]
			gap := ManifestGap{
				FromSlot: uint64(g.From), ToSlot: uint64(g.To), State: g.State.String(), Cause: g.Cause, FromTime: g.from, ToTime: g.to,
			}
			if !g.Mint.IsZero() {
				gap.Mint = g.Mint.String()
			}
			gaps = append(gaps, gap)
		}
	}
	return gaps, nil
}

// ParseManifest reads a manifest.
func ParseManifest(data []byte) (m Manifest, err error) {
	if err := json.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	if m.Version != manifestVersion {
		return m, fmt.Errorf("read manifest: it is of version %d, and version %d is understood", m.Version, manifestVersion)
	}
	return m, nil
}

// WriteBeside writes the manifest beside its only file, which PlaceSummed has written with so many rows.
func (m *Manifest) WriteBeside(path string, file ManifestFile, rows int64) error {
	file.Rows, m.Rows = rows, rows
	m.Files = append(m.Files, file)
	return m.write(path + ManifestEnding)
}

func (m *Manifest) write(path string) error {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(m); err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	return Place(path, func(w io.Writer) error {
		_, err := w.Write(text.Bytes())
		return err
	})
}

// PlaceSummed is Place, and tells what the file is afterwards, for its manifest; file is nil where path is none, as a device
// or a pipe. The rows are left to whoever knows them. The manifest of a file that lay there before goes with it.
func PlaceSummed(path string, write func(io.Writer) error) (file *ManifestFile, err error) {
	sum := summed{hash: sha256.New()}
	regular, err := place(path, func(w io.Writer) error {
		sum.to = w
		return compressed(&sum, NamedCompression(path), write)
	})
	if err != nil || !regular {
		return nil, err
	}
	if err := dropManifest(path); err != nil {
		return nil, err
	}
	return &ManifestFile{Path: filepath.Base(path), Bytes: sum.bytes, SHA256: hex.EncodeToString(sum.hash.Sum(nil))}, nil
}

// dropManifest removes the manifest beside a file, if there is one that is of this file alone.
func dropManifest(path string) error {
	data, err := os.ReadFile(path + ManifestEnding) //nolint:gosec // beside what the caller named
	if err != nil {
		return nil //nolint:nilerr // mostly there is none; and what cannot be read is not known to be one
	}
	if m, err := ParseManifest(data); err != nil || len(m.Files) != 1 || m.Files[0].Path != filepath.Base(path) {
		return nil //nolint:nilerr // it is something else, and not ours to remove
	}
	if err := os.Remove(path + ManifestEnding); err != nil {
		return fmt.Errorf("%s is written and whole, the manifest beside it is still that of the file before: %w", path, err)
	}
	return nil
}

// summed passes on what is written and sums it up.
type summed struct {
	to    io.Writer
	hash  hash.Hash
	bytes int64
}

// Write implements io.Writer.
func (s *summed) Write(p []byte) (int, error) {
	n, err := s.to.Write(p)
	s.hash.Write(p[:n])
	s.bytes += int64(n)
	return n, err
}

// FileWithManifest is File, and writes the manifest beside the file where that is one. It returns the manifest; that of a
// device or a pipe, which has none beside it, names no files. A manifest that cannot be written leaves the file, which is
// whole, and is an error that says so.
func FileWithManifest(ctx context.Context, path string, source Source, req Request, progress func(Progress)) (m Manifest, err error) {
	if err := req.Check(); err != nil {
		return m, err
	}
	m = NewManifest(&req)
	m.Store, m.Seq, m.Horizon = source.ID(), source.Seq(), source.Horizon()
	if m.Gaps, err = GapsOf(ctx, source, &req); err != nil {
		return m, err
	}
	if m.MarketCap, err = req.Prepare(ctx, source); err != nil {
		return m, err
	}

	file, err := PlaceSummed(path, func(w io.Writer) error {
		m.Rows, err = Write(ctx, w, source, req, progress)
		return err
	})
	if err != nil || file == nil {
		return m, err
	}
	if err := m.WriteBeside(path, *file, m.Rows); err != nil {
		return m, fmt.Errorf("%s is written and whole, its manifest is not: %w", path, err)
	}
	return m, nil
}
