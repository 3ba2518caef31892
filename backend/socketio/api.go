package socketio

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

type Server struct{ opts Options }

func New(opts Options) *Server                                     { return &Server{opts: opts.withDefaults()} }
func (s *Server) Namespace(name string, h Handler) *Namespace      { return &Namespace{} }
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {}
func (s *Server) Run(ctx context.Context) error                    { <-ctx.Done(); return nil }
func (s *Server) Close(ctx context.Context) error                  { return nil }
func (s *Server) Stats() Stats                                     { return Stats{} }
func (s *Server) Clients() []ClientInfo                            { return nil }

type Namespace struct{}

func (n *Namespace) Broadcast(room, event string, payload json.RawMessage) {}
func (n *Namespace) Members(room string) int                               { return 0 }
func (n *Namespace) Rooms() map[string]int                                 { return nil }

type Conn struct{}

func (c *Conn) ID() string                           { return "" }
func (c *Conn) Emit(event string, payload any) error { return nil }
func (c *Conn) Drain(ctx context.Context) error      { return nil }
func (c *Conn) Join(room string)                     {}
func (c *Conn) Leave(room string)                    {}
func (c *Conn) Rooms() []string                      { return nil }
func (c *Conn) RemoteAddr() string                   { return "" }
func (c *Conn) UserAgent() string                    { return "" }
func (c *Conn) Since() time.Time                     { return time.Time{} }
func (c *Conn) Close(reason string)                  {}
func (c *Conn) Data() any                            { return nil }
func (c *Conn) SetData(v any)                        {}
