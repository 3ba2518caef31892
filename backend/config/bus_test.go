package config

import (
	"strings"
	"testing"
)

// What is wrong about a bus is named, and a login is in no message.
func TestBusProblems(t *testing.T) {
	for _, c := range []struct {
		change func(*Bus)
		want   string // "" for nothing
	}{
		{func(*Bus) {}, ""},
		{func(b *Bus) { b.URL = "nats://a:4222, tls://b:4222" }, ""},
		{func(b *Bus) { b.Embedded, b.Cluster = true, "127.0.0.1:6222" }, ""},
		{func(b *Bus) { b.Embedded, b.TLSCert, b.TLSKey = true, "cert.pem", "key.pem" }, ""},
		{func(b *Bus) { b.Embedded, b.TLSCert = true, "cert.pem" }, "give both or none"},
		{func(b *Bus) { b.URL = "nats://me:hidden@a:4222" }, "bus.url holds a login"},
		{func(b *Bus) { b.URL = "a:4222" }, "bus.url: write nats://"},
		{func(b *Bus) { b.URL = "nats://a:4222," }, "bus.url: write nats://"},
		{func(b *Bus) { b.URL, b.Embedded = "nats://a:4222", true }, "leave it out with bus.embedded"},
		{func(b *Bus) { b.Name = "a.b" }, "bus.name"},
		{func(b *Bus) { b.Name = "" }, "bus.name"},
		{func(b *Bus) { b.Replicas = 2 }, "bus.replicas"},
		{func(b *Bus) { b.Listen = "4222" }, "bus.listen"},
		{func(b *Bus) { b.Cluster = "here" }, "bus.cluster"},
	} {
		cfg := Default()
		c.change(&cfg.Bus)
		err := cfg.Validate()
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%+v: %v", cfg.Bus, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "hidden")):
			t.Errorf("%+v: %v", cfg.Bus, err)
		}
	}

	cfg := Default()
	if cfg.Bus.On() {
		t.Error("there is a bus by default")
	}
}
