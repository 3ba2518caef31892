package socketio

import (
	"testing"
)

func TestSmoke(t *testing.T) {
	s := serve(t, Options{}, func(s *Server) { echo(s, "/", "/custom") })
	c := s.dial()
	c.write("40")
	t.Log(c.read())
	c.expect(`42["auth",{}]`)
	c.write(`42["message",1,"2",{"3":[true]}]`)
	c.expect(`42["message-back",1,"2",{"3":[true]}]`)
	c.write(`42456["message-with-ack",1,"2",{"3":[false]}]`)
	c.expect(`43456[1,"2",{"3":[false]}]`)
	sid := s.pollOpen()
	t.Log(s.poll("POST", sid, `40/custom,{"a":1}`))
	t.Log(s.poll("GET", sid, ""))
	t.Log(s.poll("POST", sid, "abc"))
	t.Log(s.poll("GET", sid, ""))
}
