package config

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"spinscope/backend/market"
	"spinscope/backend/release"
)

// KeyError is a value that cannot be used. Its text is one line for the terminal; Hint is the part for whoever sees the
// value already.
type KeyError struct {
	Key   string // such as server.listen
	shown string // " = value" or nothing, as with secrets
	text  string // how it goes on, such as ": write HOST:PORT"
}

// Error names the key, the value unless it is a secret, and the way out.
func (e *KeyError) Error() string { return e.Key + e.shown + e.text }

// Hint is what is wrong and the way out, without key and value.
func (e *KeyError) Hint() string { return strings.TrimLeft(e.text, ": ") }

// problems collects what is wrong with a configuration.
type problems []*KeyError

// add notes a problem whose value may be shown.
func (p *problems) add(key string, value any, format string, args ...any) {
	shown := fmt.Sprintf(" = %v", value)
	if text, ok := value.(string); ok {
		shown = fmt.Sprintf(" = %q", text)
	}
	*p = append(*p, &KeyError{Key: key, shown: shown, text: fmt.Sprintf(format, args...)})
}

// addUnseen notes a problem whose value is secret, or part of the text already.
func (p *problems) addUnseen(key, format string, args ...any) {
	*p = append(*p, &KeyError{Key: key, text: fmt.Sprintf(format, args...)})
}

func (p *problems) oneOf(key, value string, values ...string) {
	if !slices.Contains(values, value) {
		p.add(key, value, ": use one of %s", strings.Join(values, ", "))
	}
}

// Validate checks every value. The error wraps ErrConfig and names the key, the value and the way out; secrets are not
// part of it.
func (c *Config) Validate() error {
	if found := c.Problems(); len(found) > 0 {
		return fmt.Errorf("%w: %w", ErrConfig, found[0])
	}
	return nil
}

// Problems is everything that is wrong with the configuration; empty when it is valid.
func (c *Config) Problems() []*KeyError {
	var found problems
	for _, check := range []func(*problems){c.server, c.cors, c.logging, c.solana, c.numbers, c.kline, c.metadata, c.alerts, c.programs, c.watch, c.bus, c.updates, c.window} {
		check(&found)
	}
	return found
}

func (c *Config) server(found *problems) {
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil {
		found.add("server.listen", c.Server.Listen, ": write HOST:PORT, such as 127.0.0.1:5051")
	} else if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		found.add("server.listen", c.Server.Listen, ": the port must be 0..65535")
	} else if !IsLoopback(host) && c.Server.Token == "" {
		found.add("server.listen", c.Server.Listen, " is reachable from other machines: set server.token, or listen on 127.0.0.1")
	}
	if c.Server.Token != "" && len(c.Server.Token) < 8 {
		found.addUnseen("server.token", " is shorter than 8 characters: use a longer one")
	}
	for _, name := range c.Server.AllowedHosts {
		if name == "" || strings.ContainsAny(name, "/ *") {
			found.addUnseen("server.allowed_hosts", " holds %q: write plain host names", name)
		}
	}
}

// IsLoopback reports whether a listener on host can be reached from this machine only.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func (c *Config) cors(found *problems) {
	for _, origin := range c.CORS.AllowOrigins {
		if origin == "*" {
			if c.Server.Token == "" {
				found.addUnseen("cors.allow_origins", ` holds "*": set server.token, or name the origins`)
			}
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || origin == "null" {
			found.addUnseen("cors.allow_origins", " holds %q: write origins such as https://example.org", origin)
		}
	}
}

func (c *Config) logging(found *problems) {
	found.oneOf("logging.level", c.Logging.Level, "debug", "info", "warn", "error")
	found.oneOf("logging.format", c.Logging.Format, "text", "json")
}

func (c *Config) solana(found *problems) {
	s := &c.Solana
	found.oneOf("solana.cluster", s.Cluster, "demo", "localnet", "devnet", "mainnet", "custom")
	if s.Cluster == "custom" && s.RPCURL == "" {
		found.addUnseen("solana.rpc_url", " (or --rpc-url) is needed with solana.cluster = \"custom\"")
	}

	if s.Cluster != "custom" && (s.RPCURL != "" || s.WSURL != "") {
		found.addUnseen("solana.rpc_url", " and ws_url go with solana.cluster = \"custom\"; it is %q", s.Cluster)
	}
	found.endpoint("solana", Endpoint{s.RPCURL, s.WSURL})
	for i, endpoint := range s.Fallback {
		key := fmt.Sprintf("solana.fallback[%d]", i)
		if endpoint.RPCURL == "" {
			found.addUnseen(key+".rpc_url", " is missing")
		}
		found.endpoint(key, endpoint)
	}

	if _, err := market.ParsePubkey(s.ProgramID); err != nil {
		found.addUnseen("solana.program_id", ": %v", err)
	}
	found.oneOf("solana.commitment", s.Commitment, "processed", "confirmed", "finalized")
	if s.TokenDecimals != market.TokenDecimals {
		found.add("solana.token_decimals", s.TokenDecimals, ": SpinPet mints have %d decimals", market.TokenDecimals)
	}

	if _, err := s.Decimals(); err != nil {
		found.add("solana.price_decimals", fmt.Sprint(s.PriceDecimals), ": use \"auto\", 28, 26 or 23")
	}
}

// Decimals is price_decimals as a number; 0 stands for "auto".
func (s *Solana) Decimals() (int, error) {
	switch value := s.PriceDecimals.(type) {
	case string:
		if value == "auto" {
			return 0, nil
		}
	case int64:
		if slices.Contains([]int64{23, 26, 28}, value) {
			return int(value), nil
		}
	}
	return 0, fmt.Errorf("solana.price_decimals = %v: use \"auto\", 28, 26 or 23", s.PriceDecimals)
}

// endpoint never repeats a URL, as it may hold a key.
func (p *problems) endpoint(key string, endpoint Endpoint) {
	for _, part := range []struct {
		name, value string
		schemes     []string
	}{
		{"rpc_url", endpoint.RPCURL, []string{"http", "https"}},
		{"ws_url", endpoint.WSURL, []string{"ws", "wss"}},
	} {
		if part.value == "" {
			continue
		}
		u, err := url.Parse(part.value)
		if err != nil || u.Host == "" || !slices.Contains(part.schemes, u.Scheme) {
			p.addUnseen(key+"."+part.name, " is not a URL that starts with %s://", strings.Join(part.schemes, ":// or "))
		}
	}
}

func (c *Config) numbers(found *problems) {
	for _, r := range []struct {
		key             string
		value           int
		lowest, highest int
	}{
		{"solana.reconnect_interval", c.Solana.ReconnectInterval, 1, 60},
		{"solana.ping_interval_seconds", c.Solana.PingIntervalSeconds, 1, 300},
		{"solana.max_requests_per_second", int(c.Solana.MaxRequestsPerSecond), 0, 100_000},
		{"solana.backfill_limit", c.Solana.BackfillLimit, 0, 10_000_000},
		{"store.retention_days", c.Store.RetentionDays, 0, 36_500},
		{"kline.history_limit_default", c.Kline.HistoryLimitDefault, 1, c.Kline.HistoryLimitMax},
		{"kline.history_limit_max", c.Kline.HistoryLimitMax, 1, 100_000},
		{"websocket.max_connections", c.Websocket.MaxConnections, 1, 1_000_000},
		{"websocket.max_subscriptions_per_client", c.Websocket.MaxSubscriptionsPerClient, 1, 100_000},
		{"websocket.heartbeat_interval", c.Websocket.HeartbeatInterval, 1, 3600},
		{"websocket.heartbeat_timeout", c.Websocket.HeartbeatTimeout, 1, 3600},
		{"websocket.max_payload", int(c.Websocket.MaxPayload), 1024, 64 << 20},
		{"websocket.message_batch_size", c.Websocket.MessageBatchSize, 1, 100_000},
		{"websocket.message_batch_timeout_ms", c.Websocket.MessageBatchTimeoutMS, 1, 10_000},
		{"websocket.max_queued_messages", c.Websocket.MaxQueuedMessages, 16, 1_000_000},
		{"websocket.max_queued_bytes", c.Websocket.MaxQueuedBytes, 64 << 10, 1 << 30},
		{"websocket.max_requests_per_second_per_connection", c.Websocket.MaxRequestsPerSecondPerConnection, 1, 100_000},
		{"watch.on_demand", c.Watch.OnDemand, 0, MaxOnDemand},
		{"metadata.request_timeout_seconds", c.Metadata.RequestTimeoutSeconds, 1, 600},
		{"metadata.max_retries", c.Metadata.MaxRetries, 0, 100},
	} {
		if r.value < r.lowest || r.value > r.highest {
			found.add(r.key, r.value, " is out of range: use %d..%d", r.lowest, r.highest)
		}
	}
}

func (c *Config) kline(found *problems) {
	if len(c.Kline.Intervals) == 0 {
		found.addUnseen("kline.intervals", " is empty: name at least one interval")
	}
	seen := map[string]bool{}
	for _, name := range c.Kline.Intervals {
		if _, err := market.ParseInterval(name); err != nil {
			found.addUnseen("kline.intervals", ": %v", err)
		} else if seen[name] {
			found.addUnseen("kline.intervals", " names %q twice", name)
		}
		seen[name] = true
	}

	kept := c.Kline.KeptIntervals()
	for _, interval := range c.Kline.ParsedIntervals() {
		if _, ok := market.PartOf(interval, kept); !ok && !interval.Stored() {
			found.addUnseen("kline.intervals", ": %s is merged from shorter candles: name one of %s too", interval,
				strings.Join(market.IntervalNames(market.PartsOf(interval)), ", "))
		}
	}
}

// alerts checks the webhook, whose address is never shown.
func (c *Config) alerts(found *problems) {
	if c.Alerts.Webhook == "" {
		return
	}
	u, err := url.Parse(c.Alerts.Webhook)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Fragment != "" || len(c.Alerts.Webhook) > 2048 {
		found.addUnseen("alerts.webhook", " is no address that alerts can be posted to: write one that begins with https:// or http:// and a host, up to 2048 characters")
	}
}

func (c *Config) metadata(found *problems) {
	if gateway, err := url.Parse(c.Metadata.IPFSGateway); err != nil || gateway.Host == "" || gateway.Scheme != "http" && gateway.Scheme != "https" {
		found.add("metadata.ipfs_gateway", c.Metadata.IPFSGateway, " is not an http or https URL")
	}
}

func (c *Config) programs(found *problems) {
	for key, value := range map[string]string{"programs.pump": c.Programs.Pump, "programs.pumpswap": c.Programs.PumpSwap} {
		found.oneOf(key, value, FollowWatched, FollowAll, FollowOff)
		if value == FollowAll && c.Solana.Commitment == "processed" {
			found.addUnseen(key, " is all, which needs solana.commitment confirmed or finalized: nobody reads back what a fork took away")
		}
	}
}

func (c *Config) watch(found *problems) {
	if n := len(c.Watch.Mints); n > MaxWatched {
		found.addUnseen("watch.mints", " names %d coins: at most %d are followed", n, MaxWatched)
	}
	seen := map[string]bool{}
	for _, text := range c.Watch.Mints {
		if _, err := market.ParsePubkey(text); err != nil {
			found.addUnseen("watch.mints", " names %.60q, which is no address of a coin: copy its mint, 32 to 44 letters and digits", text)
		} else if seen[text] {
			found.addUnseen("watch.mints", " names %s twice", text)
		}
		seen[text] = true
	}
}

// Parsed is watch.mints; the configuration must be valid.
func (w *Watch) Parsed() []market.Pubkey {
	mints := make([]market.Pubkey, len(w.Mints))
	for i, text := range w.Mints {
		mints[i], _ = market.ParsePubkey(text) // validated
	}
	return mints
}

// updates checks where the word about a newer version comes from. The address is never shown: it may hold a key.
func (c *Config) updates(found *problems) {
	u := &c.Updates
	if u.PublicKey != "" {
		if err := release.CheckKey(u.PublicKey); err != nil {
			found.addUnseen("updates.public_key", " is no public key of minisign: write the second line of its .pub file, 56 characters")
		}
	}
	if u.URL == "" {
		return
	}
	if err := release.CheckURL(u.URL); err != nil {
		found.addUnseen("updates.url", ": %v", err)
	}
	if u.PublicKey == "" {
		found.addUnseen("updates.public_key", " is missing: without the publisher's key nothing that updates.url says is believed")
	}
}

func (c *Config) window(found *problems) {
	found.oneOf("window.gpu", c.Window.GPU, "never", "on_demand", "always")
}

// KeptIntervals are those of kline.intervals whose candles are stored, shortest first. The others are merged from them.
func (k *Kline) KeptIntervals() []market.Interval { return market.StoredOf(k.ParsedIntervals()) }

// ParsedIntervals is kline.intervals, shortest first: what is served. Names that are none are left out.
func (k *Kline) ParsedIntervals() []market.Interval {
	var intervals []market.Interval
	for _, interval := range market.AllIntervals() {
		if slices.Contains(k.Intervals, interval.String()) {
			intervals = append(intervals, interval)
		}
	}
	return intervals
}
