//go:build desktop

package embedded

import "github.com/nats-io/nats.go"

// Server is never there.
type Server struct{}

// Start returns ErrNotBuilt.
func Start(Options) (*Server, error) { return nil, ErrNotBuilt }

// URL is nowhere.
func (s *Server) URL() string { return "" }

// InProcess is nil.
func (s *Server) InProcess() nats.InProcessConnProvider { return nil }

// System is empty.
func (s *Server) System() (user, password string) { return "", "" }

// Stop does nothing.
func (s *Server) Stop() {}
