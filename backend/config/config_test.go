package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"spinscope/backend/market"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestDefaultIsValid(t *testing.T) {
	cfg := Default()
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := cfg.Kline.ParsedIntervals(); !slices.Equal(got, market.AllIntervals()) {
		t.Fatalf("intervals %v", got)
	}
	if cfg.Server.Listen != "127.0.0.1:5051" {
		t.Fatalf("default listens on %s, not on loopback", cfg.Server.Listen)
	}
}

func TestFileThenEnvironment(t *testing.T) {
	file := write(t, `
[server]
listen = "127.0.0.1:6000"
allowed_hosts = ["box"]
[websocket]
message_batch_size = 7
max_connections = 3
[websocket.cors]
enabled = false
allow_origins = ["https://a.example"]
[solana]
price_decimals = 26
fallback = [{rpc_url = "http://127.0.0.1:1", ws_url = "ws://127.0.0.1:2"}]
`)
	cfg, _, err := Load(file, []string{
		"SPINSCOPE_SERVER_LISTEN=127.0.0.1:7000", "SPINSCOPE_KLINE_INTERVALS=m1, s1", "SPINSCOPE_WEBSOCKET_MAX_CONNECTIONS=9",
		"SPINSCOPE_SOLANA_MAX_REQUESTS_PER_SECOND=2.5", "SPINSCOPE_STORE_SYNC_WRITES=true", "SPINSCOPE_BASE=other tools' name", "PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	decimals, _ := cfg.Solana.Decimals()
	switch {
	case cfg.Server.Listen != "127.0.0.1:7000", cfg.Websocket.MaxConnections != 9, cfg.Websocket.MessageBatchSize != 7,
		cfg.CORS.Enabled, cfg.CORS.AllowOrigins[0] != "https://a.example", decimals != 26, len(cfg.Solana.Fallback) != 1,
		cfg.Solana.MaxRequestsPerSecond != 2.5, !cfg.Store.SyncWrites, cfg.Server.AllowedHosts[0] != "box":
		t.Fatalf("%+v", cfg)
	}
	if got := cfg.Kline.ParsedIntervals(); !slices.Equal(got, []market.Interval{market.S1, market.M1}) {
		t.Fatalf("intervals %v", got)
	}
}

func TestBadInputNamesTheKey(t *testing.T) {
	for _, c := range []struct{ name, text, environ, want string }{
		{"unknown key", "[server]\nlisen = \"x\"", "", "server.lisen (line 2)"},
		{"unknown section", "[servr]\nlisten = \"x\"", "", "servr"},
		{"wrong type", "[server]\nlisten = 5", "", "server.listen (line 2)"},
		{"syntax", "[server\n", "", "line 1"},
		{"environment key", "", "SPINSCOPE_SERVER_LISEN=x", "SPINSCOPE_SERVER_LISTEN"},
		{"environment type", "", "SPINSCOPE_SOLANA_BACKFILL_LIMIT=lots", "SPINSCOPE_SOLANA_BACKFILL_LIMIT"},
		{"both cors", "[cors]\nenabled=true\n[websocket.cors]\nenabled=true", "", "[websocket.cors]"},
		{"listen", "[server]\nlisten = \"5051\"", "", "server.listen"},
		{"port", "[server]\nlisten = \"127.0.0.1:70000\"", "", "0..65535"},
		{"open to the world", "[server]\nlisten = \"0.0.0.0:5051\"", "", "server.token"},
		{"short token", "[server]\ntoken = \"abc\"", "", "server.token"},
		{"star", "[cors]\nallow_origins = [\"*\"]", "", "cors.allow_origins"},
		{"null origin", "[cors]\nallow_origins = [\"null\"]", "", "cors.allow_origins"},
		{"level", "[logging]\nlevel = \"loud\"", "", "logging.level"},
		{"cluster", "[solana]\ncluster = \"moon\"", "", "solana.cluster"},
		{"custom without url", "[solana]\ncluster = \"custom\"", "", "solana.rpc_url"},
		{"url without custom", "[solana]\nrpc_url = \"http://x\"", "", "custom"},
		{"url scheme", "[solana]\ncluster = \"custom\"\nrpc_url = \"ftp://secret-key@x\"", "", "solana.rpc_url"},
		{"program", "[solana]\nprogram_id = \"O0\"", "", "solana.program_id"},
		{"range", "[websocket]\nmax_connections = 0", "", "websocket.max_connections"},
		{"decimals", "[solana]\nprice_decimals = 27", "", "solana.price_decimals"},
		{"interval", "[kline]\nintervals = [\"m2\"]", "", "kline.intervals"},
		{"interval twice", "[kline]\nintervals = [\"m1\", \"m1\"]", "", "twice"},
		{"merged from none", "[kline]\nintervals = [\"m5\", \"w1\"]", "", "name one of m15, h1, h4, d1 too"},
		{"no interval", "[kline]\nintervals = []", "", "kline.intervals"},
		{"webhook scheme", "[alerts]\nwebhook = \"ftp://hooks.example/secret-key\"", "", "alerts.webhook"},
		{"webhook host", "[alerts]\nwebhook = \"https:///secret-key\"", "", "alerts.webhook"},
		{"webhook text", "", "SPINSCOPE_ALERTS_WEBHOOK=secret-key", "alerts.webhook"},
		{"updates without TLS", "[updates]\nurl = \"http://x.example/release.json\"\npublic_key = \"RWTVqbWXfeSPzmHL0iCJEHdwIiwkCLgdsmlFofNWVFtpG09IdTjTn4cH\"", "", "updates.url: write an address that begins with https://"},
		{"updates without a key", "[updates]\nurl = \"https://x.example/release.json\"", "", "updates.public_key is missing"},
		{"updates' key", "[updates]\npublic_key = \"secret-key\"", "", "updates.public_key is no public key of minisign"},
		{"a program", "[programs]\npump = \"some\"", "", "programs.pump"},
		{"another", "[programs]\npumpswap = \"none\"", "", "programs.pumpswap = \"none\": use one of watched, all, off"},
		{"all while forks are believed", "[programs]\npumpswap = \"all\"\n[solana]\ncommitment = \"processed\"", "", "programs.pumpswap"},
		{"gpu", "[window]\ngpu = \"sometimes\"", "", "window.gpu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, _, err := Load(write(t, c.text), []string{c.environ})
			if err == nil {
				err = cfg.Validate()
			}
			if err == nil || !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, want an error with %q", err, c.want)
			}
			if strings.Contains(err.Error(), "secret-key") || strings.Contains(err.Error(), "\n") {
				t.Fatalf("the error leaks a key or is more than a line: %v", err)
			}
		})
	}
}

func TestNamedFileMustExist(t *testing.T) {
	if _, _, err := Load(filepath.Join(t.TempDir(), "none.toml"), nil); !errors.Is(err, ErrConfig) {
		t.Fatalf("got %v", err)
	}
}

// TestHowMuchIsReadOfPrograms: of those that somebody watches unless the file says all or nothing, each by its own key.
func TestHowMuchIsReadOfPrograms(t *testing.T) {
	for text, want := range map[string]string{
		"": ", off ", "[programs]\npump = \"all\"": "pump, off ", "[programs]\npumpswap = \"all\"": "pumpswap, off ",
		"[programs]\npump = \"all\"\npumpswap = \"all\"": "pump pumpswap, off ", "[programs]\npump = \"watched\"": ", off ",
		"[programs]\npump = \"off\"": ", off pump", "[programs]\npump = \"all\"\npumpswap = \"off\"": "pump, off pumpswap",
	} {
		cfg, _, err := Load(write(t, text), nil)
		if err == nil {
			err = cfg.Validate()
		}
		got := strings.Join(cfg.Programs.Whole(), " ") + ", off " + strings.Join(cfg.Programs.Off(), " ")
		if got != want || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}
