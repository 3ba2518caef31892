package rest

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// While a backup is read, the store keeps what newer commits delete. So there is one at a time, and a client must take
// backupPace bytes within backupStall.
const (
	backupStall = time.Minute
	backupPace  = 4 << 20
)

func (a *API) backupRoute() {
	download := get("/api/backup", "files", "A streamed download of the whole market, for spinscope restore",
		"All rows of the store as of the newest commit, with its identity and a checksum, while the server runs. "+
			"One at a time. A backup that fails midway ends with a broken transfer, never as a whole file. The demo market has none.")
	operation := a.operation(download)
	operation.Responses["200"] = &huma.Response{Description: "The backup", Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
	}}
	huma.Register(a.huma, operation, a.backup)
}

func (a *API) backup(ctx context.Context, _ *query) (*stream, error) {
	if a.deps.Backup == nil {
		return nil, &failure{http.StatusNotFound, "the demo market is made anew at every start: there is nothing to go back to"}
	}
	select {
	case a.backups <- struct{}{}:
	default:
		return nil, &failure{http.StatusTooManyRequests, "a backup is being made: try again when it has ended"}
	}

	return &stream{func(hc huma.Context) {
		defer func() { <-a.backups }()
		a.sendBackup(ctx, hc)
	}}, nil
}

// sendBackup streams a backup. An error after the first byte breaks the connection.
func (a *API) sendBackup(ctx context.Context, hc huma.Context) {
	r, w := humago.Unwrap(hc)
	header := w.Header()
	header.Set("Content-Type", "application/octet-stream")
	header.Set("Content-Disposition", `attachment; filename="spinscope-`+a.deps.Cluster+`.backup"`)
	if r.Method == http.MethodHead {
		return
	}

	err := a.deps.Backup(ctx, &paced{to: w, control: http.NewResponseController(w)})
	if err == nil {
		return
	}
	if ctx.Err() == nil {
		a.deps.Logger.WarnContext(ctx, "backup broke off", "component", "rest", "err", err)
	}
	panic(http.ErrAbortHandler)
}

// paced fails when too little was taken in time.
type paced struct {
	to      io.Writer
	control *http.ResponseController
	left    int // bytes until there is more time
}

// Write implements io.Writer.
func (p *paced) Write(data []byte) (int, error) {
	if p.left <= 0 {
		p.left = backupPace
		_ = p.control.SetWriteDeadline(time.Now().Add(backupStall)) // not every writer has deadlines
	}
	n, err := p.to.Write(data)
	p.left -= n
	return n, err
}
