package offline

import (
	"context"
	"io"

	"spinscope/backend/datadir"
	"spinscope/backend/export"
	"spinscope/backend/heap"
	"spinscope/backend/mintinfo"
	"spinscope/backend/store"
)

// Export writes a stored market's records to path, whole or not at all and with a manifest beside it if asked for, or to w
// when path is empty. The store must not be in use. A request without mints is for all of them. It returns the number of
// rows.
func Export(ctx context.Context, o Options, request export.Request, path string, manifest bool, w io.Writer, progress func(export.Progress)) (rows int64, err error) {
	defer heap.Limit(heap.Read)()
	opened, err := o.OpenToRead()
	if err != nil {
		return 0, err
	}
	defer datadir.Close(opened, &err)

	source, err := o.source(opened, &request)
	if err != nil {
		return 0, err
	}
	switch {
	case path == "":
		return export.Write(ctx, w, source, request, progress)
	case manifest:
		m, err := export.FileWithManifest(ctx, path, source, request, progress)
		return m.Rows, err
	default:
		return export.File(ctx, path, source, request, progress)
	}
}

// ExportDays brings a dataset up to a stored market. The store must not be in use.
func ExportDays(ctx context.Context, o Options, dataset *export.Dataset, sinceLast bool, progress func(export.Progress)) (ran export.Ran, err error) {
	defer heap.Limit(heap.Read)()
	opened, err := o.OpenToRead()
	if err != nil {
		return ran, err
	}
	defer datadir.Close(opened, &err)
	source, err := o.source(opened, &dataset.Request)
	if err != nil {
		return ran, err
	}
	return dataset.Write(ctx, export.PartsOf(source), sinceLast, progress)
}

// source is the open store, with what a server has learned of the accounts of mints where a request is for it.
func (o *Options) source(opened *store.Store, request *export.Request) (Stored, error) {
	if !request.MarketCap {
		return Stored{Store: opened}, nil
	}
	accounts, err := mintinfo.Load(o.Dir.Mints())
	return Stored{opened, accounts}, err
}
