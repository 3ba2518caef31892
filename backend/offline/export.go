package offline

import (
	"context"
	"io"

	"spinscope/backend/datadir"
	"spinscope/backend/export"
	"spinscope/backend/heap"
)

// Export writes a stored market's records to path, whole or not at all, or to w when path is empty. The store must not
// be in use. A request without mints is for all of them. It returns the number of rows.
func Export(ctx context.Context, o Options, request export.Request, path string, w io.Writer, progress func(rows int64)) (rows int64, err error) {
	defer heap.Limit(heap.Read)()
	opened, err := o.OpenToRead()
	if err != nil {
		return 0, err
	}
	defer datadir.Close(opened, &err)
	if path == "" {
		return export.Write(ctx, w, Stored{Store: opened}, request, progress)
	}
	return export.File(ctx, path, Stored{Store: opened}, request, progress)
}
