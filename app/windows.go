//go:build desktop

package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os"
	"os/exec"
	"sync"
	"time"

	window "github.com/wailsapp/wails/v2/pkg/runtime"

	"spinscope/backend/wire"
)

// The library has one window a process. A further window is this program once more, without a store and a server: its
// page speaks to the server of the first. The two talk over the further one's standard input and output, so that nobody
// else can, and its end or the first's is told by the pipe.

const (
	// maxWindows are open at once, the first included.
	maxWindows = 8
	// windowQueue is how many messages may wait for a further window; one that does not take them is ended.
	windowQueue = 1000
	// windowTime is how long a further window may take to close when the first one does.
	windowTime = 2 * time.Second
)

var (
	// errWindows is returned for a window more than maxWindows.
	errWindows = fmt.Errorf("%d windows are open, the most there can be: close one first", maxWindows)
	// errFirstOnly is returned in a further window for what belongs to the first.
	errFirstOnly = errors.New("this is done in the first window")
)

// WindowMessage is something that a window tells another's page, as an event of this name.
type WindowMessage struct {
	Event string          `json:"event"`
	Value json.RawMessage `json:"value"`
}

// Kept is what the page keeps under a key, as text; null is gone.
type Kept struct {
	Key  string  `json:"key"`
	Text *string `json:"text"`
}

// Setup is what a further window is told at its start.
type Setup struct {
	Place   int               `json:"place"` // 2 and up
	DataDir string            `json:"data_dir"`
	Version string            `json:"version"`
	GPU     string            `json:"gpu"`
	Kept    map[string]string `json:"kept"` // what the page keeps
}

// windows are the further ones, of the first. The zero value has none. Safe for concurrent use.
type windows struct {
	mu     sync.Mutex
	open   map[int]*further
	closed bool // none is opened any more
}

// further is a further window, as the first sees it.
type further struct {
	setup Setup
	queue chan WindowMessage
	stop  context.CancelFunc
	ended chan struct{} // closed when its process has ended
}

// begin takes the first free place for a window.
func (w *windows) begin(setup Setup, stop context.CancelFunc) (*further, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return nil, errStopping
	}
	if w.open == nil {
		w.open = map[int]*further{}
	}

	for place := 2; place <= maxWindows; place++ {
		if w.open[place] != nil {
			continue
		}
		setup.Place = place
		one := &further{setup: setup, queue: make(chan WindowMessage, windowQueue), stop: stop, ended: make(chan struct{})}
		w.open[place] = one
		return one, nil
	}

	return nil, errWindows
}

// end gives the place of a window free, whose process has ended.
func (w *windows) end(one *further) {
	w.mu.Lock()
	delete(w.open, one.setup.Place)
	w.mu.Unlock()
	close(one.ended)
}

// tell passes a message to all of them but one.
func (w *windows) tell(except int, event string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		return
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	for place, one := range w.open {
		if place == except {
			continue
		}
		select {
		case one.queue <- WindowMessage{event, text}:
		default: // it would go on with what is not so any more
			one.stop()
		}
	}
}

// close closes all of them, and waits a while until they have ended; those that have not are ended.
func (w *windows) close() {
	w.mu.Lock()
	w.closed = true
	all := make([]*further, 0, len(w.open))
	for _, one := range w.open {
		all = append(all, one)
	}
	w.mu.Unlock()

	for _, one := range all {
		one.stop()
	}
	for _, one := range all {
		<-one.ended // its process is killed after windowTime
	}
}

// NewWindow opens a further window on the same market. kept is what the page keeps: the further one begins with it.
func (a *App) NewWindow(kept map[string]string) error {
	if a.first != nil {
		return a.first.call("NewWindow", kept, nil)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}

	ctx, stop := context.WithCancel(context.Background())
	setup := Setup{DataDir: a.options.DataDir, Version: a.options.Version, GPU: a.options.Config.Window.GPU, Kept: kept}
	one, err := a.windows.begin(setup, stop)
	if err != nil {
		stop()
		return err
	}

	if err := a.run(ctx, one, exec.Command(program, furtherCommand)); err != nil {
		stop()
		a.windows.end(one)
		return fmt.Errorf("open a window: %w", err)
	}
	return nil
}

// run starts the process of a further window and answers it until it ends. ctx ending closes it.
func (a *App) run(ctx context.Context, one *further, cmd *exec.Cmd) error {
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}

	cmd.Env, cmd.Stderr = furtherEnv(one.setup.Place), os.Stderr
	if err := cmd.Start(); err != nil {
		return err
	}

	server := rpc.NewServer()
	if err := server.RegisterName("Window", &answers{a, one}); err != nil {
		return err
	}
	go func() {
		<-ctx.Done()
		_ = input.Close() // tells it to close
		select {
		case <-one.ended:
		case <-time.After(windowTime):
			_ = cmd.Process.Kill()
		}
	}()

	go server.ServeCodec(jsonrpc.NewServerCodec(pipe{output, input})) // until the window has ended
	go func() {
		err := cmd.Wait()
		one.stop()
		a.windows.end(one)
		a.log.Info("a further window has closed", "place", one.setup.Place, "err", err)
	}()
	a.log.Info("a further window is open", "place", one.setup.Place)
	return nil
}

// pipe is both directions of a connection.
type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipe) Close() error { return errors.Join(p.ReadCloser.Close(), p.WriteCloser.Close()) }

// answers is what a further window may ask of the first.
type answers struct {
	a   *App
	one *further
}

// Setup is asked once, at the start.
func (w *answers) Setup(_ struct{}, setup *Setup) error {
	*setup = w.one.setup
	return nil
}

// Next waits for the next message to the window.
func (w *answers) Next(_ struct{}, message *WindowMessage) error {
	select {
	case *message = <-w.one.queue:
		return nil
	case <-w.one.ended:
		return errStopping
	}
}

// Keep takes what the window's page keeps, for the first one and all others.
func (w *answers) Keep(kept Kept, _ *struct{}) error {
	w.a.windows.tell(w.one.setup.Place, "kept", kept)
	if ctx := w.a.window(); ctx != nil {
		window.EventsEmit(ctx, "kept", kept)
	}
	return nil
}

// Server tells where the server is.
func (w *answers) Server(_ struct{}, info *ServerInfo) error {
	*info = w.a.where()
	info.First = false // the first window asks
	return nil
}

func (w *answers) NewWindow(kept map[string]string, _ *struct{}) error { return w.a.NewWindow(kept) }

func (w *answers) SaveAlert(rule wire.AlertRule, saved *wire.AlertRule) (err error) {
	*saved, err = w.a.SaveAlert(rule)
	return err
}

func (w *answers) DeleteAlert(id string, _ *struct{}) error { return w.a.DeleteAlert(id) }

func (w *answers) WatchCoin(text string, mint *string) (err error) {
	*mint, err = w.a.WatchCoin(text)
	return err
}

func (w *answers) UnwatchCoin(mint string, _ *struct{}) error { return w.a.UnwatchCoin(mint) }

// Quit closes all windows.
func (w *answers) Quit(struct{}, *struct{}) error {
	go window.Quit(w.a.window())
	return nil
}

// firstWindow is the first window, as a further one sees it.
type firstWindow struct {
	client *rpc.Client

	mu    sync.Mutex
	setup Setup
}

// errGone is returned in a further window when the first does not answer.
var errGone = errors.New("the first window is gone; this one closes")

// call asks the first window. answer may be nil.
func (f *firstWindow) call(what string, question, answer any) error {
	if answer == nil {
		answer = new(struct{})
	}
	err := f.client.Call("Window."+what, question, answer)
	var refused rpc.ServerError
	if err != nil && !errors.As(err, &refused) {
		return fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

// keep notes what the pages keep, for a page that is loaded anew.
func (f *firstWindow) keep(kept Kept) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if kept.Text == nil {
		delete(f.setup.Kept, kept.Key)
	} else {
		f.setup.Kept[kept.Key] = *kept.Text
	}
}

// kept is what the page begins with.
func (f *firstWindow) kept() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]string, len(f.setup.Kept))
	for key, text := range f.setup.Kept {
		all[key] = text
	}
	return all
}

// hear takes what the first window tells until that one ends; then this one ends too.
func (a *App) hear() {
	for {
		var message WindowMessage
		if err := a.first.call("Next", struct{}{}, &message); err != nil {
			a.log.Info("the first window has closed; this one closes too", "err", err)
			window.Quit(a.window())
			return
		}

		switch message.Event {
		case "server": // it is another one, perhaps elsewhere
			renewPage(a.window())
			continue
		case "kept":
			var kept Kept
			if json.Unmarshal(message.Value, &kept) == nil {
				a.first.keep(kept)
			}
		}

		var value any
		if json.Unmarshal(message.Value, &value) == nil {
			window.EventsEmit(a.window(), message.Event, value)
		}
	}
}

// WindowKept is what the page of a further window begins with.
type WindowKept struct {
	Place int               `json:"place"` // 1 is the first window, whose page keeps everything itself
	Kept  map[string]string `json:"kept"`
}

// Kept is asked by the page before it shows anything.
func (a *App) Kept() WindowKept {
	if a.first == nil {
		return WindowKept{Place: 1, Kept: map[string]string{}}
	}
	return WindowKept{Place: a.first.setup.Place, Kept: a.first.kept()}
}

// Keep tells the other windows what the page keeps from now on under a key; null: nothing.
func (a *App) Keep(key string, text *string) error {
	kept := Kept{key, text}
	if a.first == nil {
		a.windows.tell(0, "kept", kept)
		return nil
	}
	a.first.keep(kept)
	return a.first.call("Keep", kept, nil)
}

// furtherCommand is the argument that makes this program a further window.
const furtherCommand = "window"

// connect reaches the first window over standard input and output.
func connect(log *slog.Logger) (*firstWindow, error) {
	output, err := ownOutput()
	if err != nil {
		return nil, fmt.Errorf("standard output: %w", err)
	}

	f := &firstWindow{client: jsonrpc.NewClient(pipe{os.Stdin, output})}
	if err := f.call("Setup", struct{}{}, &f.setup); err != nil {
		return nil, fmt.Errorf("this is started by the app, by File › New Window: %w", err)
	}
	if f.setup.Kept == nil {
		f.setup.Kept = map[string]string{}
	}
	log.Debug("a further window", "place", f.setup.Place)
	return f, nil
}
