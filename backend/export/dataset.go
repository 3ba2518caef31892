package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"spinscope/backend/market"
)

// ErrIndivisible is returned for a kind of record that has no days.
var ErrIndivisible = errors.New("export them as one file")

// ErrDataset is returned when a directory cannot be gone on with as it was asked.
var ErrDataset = errors.New("the dataset cannot be continued")

// What lies in a dataset's directory beside its days. Names that begin with an underscore are passed over by the readers of
// such directories.
const (
	datasetManifest = "_manifest.json"
	datasetStaged   = "_staged"
	datasetLock     = "_lock"
	partition       = "day"
)

// Dataset is a directory with a file for each day, date=2026-11-01/data.parquet, and a manifest.
//
// A run writes the days that changed into _staged, then the new manifest there, and only then moves them to their places,
// the manifest last. A run that is killed before that manifest is there has changed nothing; one that is killed after it is
// finished by the next run. In between, a reader meets whole files, some of the run before. One run at a time.
type Dataset struct {
	Dir     string
	Request Request // Format and the range may not change from run to run
}

// Ran says what a run did.
type Ran struct {
	Rows      int64 // of the whole dataset, after it
	Written   int   // days that are new or have changed
	Unchanged int   // days that were written and came out the same
	Removed   int   // days that have no rows any more
	Kept      int   // days before the horizon, which the store may not have whole any more
}

// Write brings the dataset up to what is stored now. With sinceLast it goes on where the last run ended, or begins; without
// it every day is written. progress, if not nil, is told the rows of this run.
//
// A day in which something changed since, a late event or one that was rolled back, is written anew: afterwards all files
// together hold what one export of everything would hold. Days before the store's horizon are left as they are, unless
// the directory held something else.
func (d *Dataset) Write(ctx context.Context, parts Parts, sinceLast bool, progress func(Progress)) (ran Ran, err error) {
	if err := d.Request.Divisible(); err != nil {
		return ran, err
	}
	if err := os.MkdirAll(d.Dir, 0o755); err != nil { //nolint:gosec // documents of the user's
		return ran, fmt.Errorf("make the dataset: %w", err)
	}
	release, err := d.lock()
	if err != nil {
		return ran, err
	}
	defer release()

	if err := d.finish(); err != nil {
		return ran, err
	}
	last, err := d.last()
	if err != nil {
		return ran, err
	}

	next := NewManifest(&d.Request)
	next.Partition = partition
	var since market.Seq
	store, other := "", error(nil)
	if last != nil {
		store, other = last.Store, continues(last, &next)
	}
	if sinceLast && last != nil {
		if other != nil {
			return ran, other
		}
		since = last.Seq
	}

	days, err := parts.Days(ctx, d.Request, store, since)
	if err != nil {
		return ran, err
	}
	if since > 0 && days.Store != store {
		return ran, fmt.Errorf("%s is of the store %s and this is %s: leave out --since-last to write every day anew, or name another directory: %w",
			d.Dir, store, days.Store, ErrDataset)
	}
	next.Store, next.Seq, next.Horizon = days.Store, days.Seq, days.Horizon
	next.MarketCap = days.MarketCap
	if next.Gaps, err = parts.Gaps(ctx, d.Request); err != nil {
		return ran, err
	}

	keep := other == nil && store == days.Store
	run := datasetRun{Dataset: d, parts: parts, days: &days, next: &next, keep: keep, progress: progress, before: map[string]ManifestFile{}}
	if last != nil {
		for _, file := range last.Files {
			run.before[file.Path] = file
		}
	}
	if err := run.stage(ctx); err != nil {
		_ = os.RemoveAll(d.in(datasetStaged))
		return run.ran, err
	}
	return run.ran, d.finish()
}

func (d *Dataset) in(name string) string { return filepath.Join(d.Dir, filepath.FromSlash(name)) }

// lock keeps other runs out until release is called.
func (d *Dataset) lock() (release func(), err error) {
	name := d.in(datasetLock)
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDONLY, 0o644) //nolint:gosec // it is empty
	if err != nil {
		return nil, fmt.Errorf("lock the dataset: %w", err)
	}
	_ = file.Close()
	release, ok := hold(name)
	if !ok {
		return nil, fmt.Errorf("%s is being written by another export: wait for its end", d.Dir)
	}
	return release, nil
}

// last is the manifest of the last run; nil when there was none.
func (d *Dataset) last() (*Manifest, error) {
	data, err := os.ReadFile(d.in(datasetManifest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, d.empty()
	case err != nil:
		return nil, fmt.Errorf("read the dataset: %w", err)
	}
	m, err := ParseManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.in(datasetManifest), err)
	}
	return &m, nil
}

// empty refuses a directory that holds something else.
func (d *Dataset) empty() error {
	files, err := os.ReadDir(d.Dir)
	if err != nil {
		return fmt.Errorf("read the dataset: %w", err)
	}
	for _, file := range files {
		if file.Name() != datasetLock {
			return fmt.Errorf("%s holds %s and no manifest of a dataset: name a directory that is empty or not there: %w", d.Dir, file.Name(), ErrDataset)
		}
	}
	return nil
}

// continues refuses to go on with what was begun as something else.
func continues(last, next *Manifest) error {
	for _, c := range []struct {
		what      string
		was, asks any
	}{
		{"kind", last.Kind, next.Kind},
		{"format", last.Format, next.Format},
		{"interval", last.Interval, next.Interval},
		{"mints", last.Mints, next.Mints},
		{"from", last.From, next.From},
		{"to", last.To, next.To},
		{"market cap", last.MarketCap != nil, next.MarketCap != nil},
	} {
		if !reflect.DeepEqual(c.was, c.asks) {
			return fmt.Errorf("its %s was another: ask for the same, leave out --since-last to write every day anew, or name another directory: %w",
				c.what, ErrDataset)
		}
	}
	return nil
}

// datasetRun is one run that is under way.
type datasetRun struct {
	*Dataset
	parts    Parts
	days     *Days
	next     *Manifest
	before   map[string]ManifestFile // by path; what the run leaves in it stays
	keep     bool                    // days before the horizon stay
	progress func(Progress)
	ran      Ran
}

// stage writes the days that may have changed, and the new manifest after them.
func (r *datasetRun) stage(ctx context.Context) error {
	if err := os.MkdirAll(r.in(datasetStaged), 0o755); err != nil { //nolint:gosec // documents of the user's
		return fmt.Errorf("stage the dataset: %w", err)
	}

	named := map[string]bool{}
	rows := int64(0)
	for i, day := range r.days.Days {
		path := dayPath(day, r.Request.Format)
		named[path] = true
		if _, there := r.before[path]; there && r.keep && day < r.days.Horizon {
			r.ran.Kept++
			continue
		}

		written, err := r.day(ctx, path, day, func(p Progress) {
			if r.progress != nil {
				r.progress(Progress{rows + p.Rows, (float64(i) + p.Part) / float64(len(r.days.Days))})
			}
		})
		if err != nil {
			return err
		}
		rows += written
	}

	for path := range r.before {
		if r.days.Whole && !named[path] && !r.old(path) {
			delete(r.before, path)
			r.ran.Removed++
		}
	}
	for _, file := range r.before {
		r.next.Files = append(r.next.Files, file)
		r.next.Rows += file.Rows
	}
	slices.SortFunc(r.next.Files, func(a, b ManifestFile) int { return strings.Compare(a.Path, b.Path) })
	r.ran.Rows = r.next.Rows
	return r.next.write(r.in(datasetStaged + "/" + datasetManifest))
}

// old reports whether a file is of a day that the store does not have whole any more.
func (r *datasetRun) old(path string) bool {
	day, err := time.Parse(time.DateOnly, strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), datePrefix))
	return err == nil && r.keep && day.Unix() < r.days.Horizon
}

// day stages one day, and forgets a file that comes out as it was or without rows.
func (r *datasetRun) day(ctx context.Context, path string, day int64, progress func(Progress)) (rows int64, err error) {
	staged := r.in(stagedName(path))
	file, err := PlaceSummed(staged, func(w io.Writer) error {
		rows, err = r.parts.WritePart(ctx, w, r.Request.Day(day), progress)
		return err
	})
	if err != nil {
		return rows, err
	}
	file.Path, file.Rows = path, rows

	before, there := r.before[path]
	switch {
	case rows == 0:
		delete(r.before, path)
		if there {
			r.ran.Removed++
		}
		return rows, os.Remove(staged)
	case there && before == *file && r.whole(path, file.Bytes):
		r.ran.Unchanged++
		return rows, os.Remove(staged)
	}

	r.before[path] = *file
	r.ran.Written++
	return rows, nil
}

// whole reports whether a file of the dataset is there with its length.
func (r *datasetRun) whole(path string, size int64) bool {
	info, err := os.Stat(r.in(path))
	return err == nil && info.Size() == size
}

// finish moves what a run has staged to its place, if that run was as far, and removes what is left of it otherwise. It may
// be done again after it was interrupted anywhere.
func (d *Dataset) finish() error {
	data, err := os.ReadFile(d.in(datasetStaged + "/" + datasetManifest))
	if errors.Is(err, fs.ErrNotExist) {
		return os.RemoveAll(d.in(datasetStaged))
	}
	if err != nil {
		return fmt.Errorf("finish the dataset: %w", err)
	}
	next, err := ParseManifest(data)
	if err != nil {
		return fmt.Errorf("finish the dataset: %w", err)
	}

	there := map[string]bool{}
	for _, file := range next.Files {
		there[file.Path] = true
		if err := d.move(file.Path); err != nil {
			return fmt.Errorf("finish the dataset: %w", err)
		}
	}
	if err := d.sweep(there); err != nil {
		return fmt.Errorf("finish the dataset: %w", err)
	}

	if err := os.Rename(d.in(datasetStaged+"/"+datasetManifest), d.in(datasetManifest)); err != nil {
		return fmt.Errorf("finish the dataset: %w", err)
	}
	return os.RemoveAll(d.in(datasetStaged))
}

// move puts a staged file in its place, unless it is there already.
func (d *Dataset) move(path string) error {
	if !filepath.IsLocal(filepath.FromSlash(path)) {
		return fmt.Errorf("its manifest names %q, which lies elsewhere", path)
	}
	staged := d.in(stagedName(path))
	if _, err := os.Stat(staged); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(d.in(path)), 0o755); err != nil { //nolint:gosec // documents of the user's
		return err
	}
	return os.Rename(staged, d.in(path))
}

// sweep removes the files of days that the manifest does not name. It touches nothing but files of days.
func (d *Dataset) sweep(there map[string]bool) error {
	found, err := filepath.Glob(filepath.Join(d.Dir, datePrefix+"*", dataName+"*"))
	if err != nil {
		return err
	}
	for _, path := range found {
		name, err := filepath.Rel(d.Dir, path)
		if err != nil {
			return err
		}
		if there[filepath.ToSlash(name)] {
			continue
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		_ = os.Remove(filepath.Dir(path)) // unless something else lies there
	}
	return nil
}

const (
	datePrefix = "date="
	dataName   = "data."
)

// dayPath is where a day's file lies.
func dayPath(day int64, format Format) string {
	return datePrefix + time.Unix(day, 0).UTC().Format(time.DateOnly) + "/" + dataName + string(format)
}

// stagedName is where a day's file lies until the run is whole. No pattern for a dataset's files fits it.
func stagedName(path string) string {
	date, _, _ := strings.Cut(path, "/")
	return datasetStaged + "/" + strings.TrimPrefix(date, datePrefix) + ".new"
}
