package socketio

import (
	"reflect"
	"sync"

	"github.com/zishang520/engine.io/v2/events"
)

// emitter is what the library asks of everything that has listeners. Its own keeps a map of lists of pointers, a
// kilobyte and more for each of the three that a connection has; here they are one short list. The zero value is ready.
type emitter struct {
	mu   sync.Mutex
	list []listener // in the order they came; replaced, never changed
}

type listener struct {
	event events.EventName
	fn    events.Listener
	once  bool
}

// AddListener adds listeners of an event; it never fails.
func (e *emitter) AddListener(event events.EventName, fns ...events.Listener) error {
	e.add(event, fns, false)
	return nil
}

// On is the same as AddListener.
func (e *emitter) On(event events.EventName, fns ...events.Listener) error {
	e.add(event, fns, false)
	return nil
}

// Once adds listeners that hear the next event only; it never fails.
func (e *emitter) Once(event events.EventName, fns ...events.Listener) error {
	e.add(event, fns, true)
	return nil
}

func (e *emitter) add(event events.EventName, fns []events.Listener, once bool) {
	e.mu.Lock()
	defer e.mu.Unlock()

	grown := make([]listener, len(e.list), len(e.list)+len(fns))
	copy(grown, e.list)
	for _, fn := range fns {
		if fn != nil {
			grown = append(grown, listener{event, fn, once})
		}
	}
	e.list = grown
}

// Emit calls the listeners of an event, without the lock. One that was added by Once is called by one Emit only.
func (e *emitter) Emit(event events.EventName, data ...any) {
	for _, l := range e.take(event) {
		if l.event == event {
			l.fn(data...)
		}
	}
}

// take returns the listeners of this moment, and removes those of the event that are to hear it once.
func (e *emitter) take(event events.EventName) []listener {
	e.mu.Lock()
	defer e.mu.Unlock()

	before := e.list
	for i := range before {
		if before[i].once && before[i].event == event {
			e.keep(func(l *listener) bool { return !l.once || l.event != event })
			break
		}
	}
	return before
}

// keep replaces the list by one of those that are wanted. The lock is held.
func (e *emitter) keep(wanted func(*listener) bool) {
	var kept []listener
	for i := range e.list {
		if wanted(&e.list[i]) {
			kept = append(kept, e.list[i])
		}
	}
	e.list = kept
}

// RemoveListener removes the first listener that is fn. Like the library, which relies on it, it takes two functions for
// the same when they are the same piece of code.
func (e *emitter) RemoveListener(event events.EventName, fn events.Listener) bool {
	if fn == nil {
		return false
	}
	code := reflect.ValueOf(fn).Pointer()

	e.mu.Lock()
	defer e.mu.Unlock()
	removed := false
	e.keep(func(l *listener) bool {
		if removed || l.event != event || reflect.ValueOf(l.fn).Pointer() != code {
			return true
		}
		removed = true
		return false
	})
	return removed
}

// RemoveAllListeners removes those of one event, and reports whether there were any.
func (e *emitter) RemoveAllListeners(event events.EventName) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := len(e.list)
	e.keep(func(l *listener) bool { return l.event != event })
	return len(e.list) < before
}

// Clear removes all.
func (e *emitter) Clear() {
	e.mu.Lock()
	e.list = nil
	e.mu.Unlock()
}

// Listeners returns those of one event.
func (e *emitter) Listeners(event events.EventName) []events.Listener {
	e.mu.Lock()
	defer e.mu.Unlock()
	var fns []events.Listener
	for i := range e.list {
		if e.list[i].event == event {
			fns = append(fns, e.list[i].fn)
		}
	}
	return fns
}

// ListenerCount returns how many there are of one event.
func (e *emitter) ListenerCount(event events.EventName) int { return len(e.Listeners(event)) }

// EventNames returns the events that have listeners, each once.
func (e *emitter) EventNames() []events.EventName {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []events.EventName
	seen := map[events.EventName]bool{}
	for i := range e.list {
		if name := e.list[i].event; !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// Len returns how many events have listeners.
func (e *emitter) Len() int { return len(e.EventNames()) }

// SetMaxListeners does nothing: there is no limit.
func (*emitter) SetMaxListeners(uint) {}

// GetMaxListeners returns 0: there is no limit.
func (*emitter) GetMaxListeners() uint { return 0 }
