package web

import (
	"testing"

	"spinscope/backend/config"
	"spinscope/backend/server/guard"
	"spinscope/backend/watch"
)

// TestStrangersFollowNothing: coins are followed for clients of this machine, or with the token.
func TestStrangersFollowNothing(t *testing.T) {
	for _, c := range []struct {
		listen, token string
		coins         *watch.Service
		want          bool
	}{
		{"127.0.0.1:5051", "", &watch.Service{}, true},
		{"[::1]:0", "", &watch.Service{}, true},
		{"127.0.0.1:5051", "", nil, false},
		{"0.0.0.0:5051", "", &watch.Service{}, false},
		{"0.0.0.0:5051", "long enough", &watch.Service{}, true},
	} {
		guarded, err := guard.New(guard.Config{Listen: c.listen, Token: c.token})
		if err != nil {
			t.Fatal(err)
		}
		cfg := config.Default()
		cfg.Server.Listen, cfg.Server.Token = c.listen, c.token
		o := &Options{Config: &cfg, Source: Source{Coins: c.coins}}
		if got := o.onDemand(guarded) != nil; got != c.want {
			t.Errorf("at %s with token %q, coins %v: %v", c.listen, c.token, c.coins != nil, got)
		}
	}
}
