package socketio

import (
	"maps"
	"slices"
	"sync"
)

// rooms holds who is in which room of a namespace. It stands in for the
// library's own sets, which lose a client that joins while the last one leaves.
// Lock order: rooms, room, then the outbox.
type rooms struct {
	mu     sync.RWMutex
	byName map[string]*room
	all    room
	conns  map[*Conn]int // place in all
}

type room struct {
	mu      sync.Mutex
	members []*Conn
}

func newRooms() *rooms {
	return &rooms{byName: map[string]*room{}, conns: map[*Conn]int{}}
}

func (r *rooms) enter(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns[c] = r.all.add(c)
}

func (r *room) add(c *Conn) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = append(r.members, c)
	return len(r.members) - 1
}

// remove fills place i with the last member and returns that one, if it moved.
func (r *room) remove(i int) (moved *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := len(r.members) - 1
	if i != last {
		moved = r.members[last]
		r.members[i] = moved
	}
	r.members[last] = nil
	r.members = r.members[:last]
	return moved
}

func (r *rooms) join(c *Conn, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, in := c.rooms[name]; in || c.parted {
		return
	}
	to := r.byName[name]
	if to == nil {
		to = &room{}
		r.byName[name] = to
	}
	if c.rooms == nil {
		c.rooms = make(map[string]int, 1)
	}
	c.rooms[name] = to.add(c)
}

func (r *rooms) leave(c *Conn, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leaveLocked(c, name)
}

func (r *rooms) leaveLocked(c *Conn, name string) {
	i, in := c.rooms[name]
	if !in {
		return
	}
	delete(c.rooms, name)
	from := r.byName[name]
	if moved := from.remove(i); moved != nil {
		moved.rooms[name] = i
	}
	if len(from.members) == 0 {
		delete(r.byName, name)
	}
}

// part takes c out of everything for good.
func (r *rooms) part(c *Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.parted = true
	for name := range c.rooms {
		r.leaveLocked(c, name)
	}
	c.rooms = nil
	if i, in := r.conns[c]; in {
		delete(r.conns, c)
		if moved := r.all.remove(i); moved != nil {
			r.conns[moved] = i
		}
	}
}

// find returns the room to send to, nil when nobody is in it. "" is everybody.
func (r *rooms) find(name string) *room {
	if name == "" {
		return &r.all
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byName[name]
}

func (r *rooms) of(c *Conn) []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(c.rooms))
}

func (r *rooms) count(name string) int {
	to := r.find(name)
	if to == nil {
		return 0
	}
	to.mu.Lock()
	defer to.mu.Unlock()
	return len(to.members)
}

func (r *rooms) sizes() map[string]int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	sizes := make(map[string]int, len(r.byName))
	for name, m := range r.byName {
		sizes[name] = len(m.members)
	}
	return sizes
}

// everyone returns a copy of all members.
func (r *rooms) everyone() []*Conn {
	r.all.mu.Lock()
	defer r.all.mu.Unlock()
	return slices.Clone(r.all.members)
}
