package socketio

import (
	"bytes"
	"encoding/json"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// FuzzFrame sends raw messages, and raw bytes under the WebSocket framing, to a
// live server. Whatever they are, a well-behaved client must be served on.
func FuzzFrame(f *testing.F) {
	for _, seed := range []string{
		"40", "42", "43", `42["message",1]`, `42/custom,7["message-with-ack",{"a":[1]}]`, "41", "44", "2probe", "3", "5", "6", "1",
		`451-["message",{"_placeholder":true,"num":0}]` + "\n\x01\x02", `46/custom,1-2[]`, "40/custom,{\"a\":1}\n42/custom,[\"message\"]\n41/custom\n40/custom",
		"4\x00", "\xff", "42[[[[[[[[", `42["message",1e999]`, `40{"_placeholder":true}`,
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}

	f.Add([]byte{0x81, 0xff, 0, 0, 0, 0, 0, 0, 0, 1}, true)
	s := serve(f, Options{MaxPayload: 1 << 16, RequestsPerSecond: 1e6, Burst: 1e6}, func(s *Server) { echo(s, "/", "/custom") })
	good := s.join("/")
	good.expect(`42["auth",{}]`)
	f.Fuzz(func(t *testing.T, data []byte, raw bool) {
		s.t, good.t = t, t
		bad := s.dialRaw("transport=websocket")
		bad.write("40")
		if raw {
			_, _ = bad.ws.NetConn().Write(data)
		} else {
			for m := range bytes.SplitSeq(data, []byte{'\n'}) {
				kind := websocket.TextMessage
				if len(m) > 0 && m[0] < 0x20 {
					kind = websocket.BinaryMessage
				}
				_ = bad.ws.WriteMessage(kind, m)
			}
		}

		_ = bad.ws.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience))
		// The close frame may be part of a message now, so end the stream too.
		_ = bad.ws.NetConn().(*net.TCPConn).CloseWrite()
		if !bad.closes() {
			t.Fatal("connection still open")
		}

		_ = bad.ws.Close()
		good.write(`42["message","alive"]`)
		good.expect(`42["message-back","alive"]`)
		if p := s.Stats().Panics; p != 0 {
			t.Fatalf("%d panics", p)
		}
	})
}

// FuzzPacket checks the packet reader against the rules alone, without sockets.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{`2["a"]`, `2/n,7["a",1]`, "0", `0/n,{"a":1}`, `51-/n,1["a",{"_placeholder":true,"num":0}]`, "3", "/", "2/"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, err := parseHead(raw)
		if err != nil {
			return
		}

		if h.nsp == "" || h.nsp[0] != '/' || h.attachments < 0 || h.attachments > maxAttachments {
			t.Fatalf("bad head %+v", h)
		}
		_, _ = h.auth()
		args, err := h.args()
		if err != nil {
			return
		}
		if _, err := attach(args, [][]byte{{1}}); err != nil {
			return
		}

		name, rest, err := event(args)
		if err != nil {
			return
		}

		frames, err := encodeEvent(h.nsp, name, Args(rest))
		if err != nil {
			t.Fatalf("decoded event does not encode: %v", err)
		}
		if hasBinary(rest) {
			return
		}

		again, err := parseHead(frames[0].payload()[1:])
		if err != nil {
			t.Fatal(err)
		}
		back, err := again.args()
		if err != nil {
			t.Fatal(err)
		}

		a, _ := json.Marshal(args)
		b, _ := json.Marshal(back)
		if !bytes.Equal(a, b) {
			t.Fatalf("%s became %s", a, b)
		}
	})
}

func TestFrames(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 127, 65535, 65536, 70000} {
		body := bytes.Repeat([]byte{'x'}, n)
		f := newFrame(opText, body)
		if f.op() != opText || !bytes.Equal(f.payload(), body) {
			t.Errorf("frame of %d bytes does not read back", n)
		}
	}
	polled := newFrame(opBinary, []byte{1, 2, 3}).appendPolled(newFrame(opText, []byte("4x")).appendPolled(closeFrame.appendPolled(nil)))
	if string(polled) != "4x\x1ebAQID" {
		t.Errorf("polled %q", polled)
	}
}
