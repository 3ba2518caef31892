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
)

// Validate checks every value. The error wraps ErrConfig and names the key, the value and the way out; secrets are not
// part of it.
func (c *Config) Validate() error {
	for _, check := range []func() error{c.server, c.cors, c.logging, c.solana, c.numbers, c.kline} {
		if err := check(); err != nil {
			return fmt.Errorf("%w: %w", ErrConfig, err)
		}
	}
	return nil
}

func (c *Config) server() error {
	host, port, err := net.SplitHostPort(c.Server.Listen)
	if err != nil {
		return fmt.Errorf("server.listen = %q: write HOST:PORT, such as 127.0.0.1:5051", c.Server.Listen)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("server.listen = %q: the port must be 0..65535", c.Server.Listen)
	}
	if !IsLoopback(host) && c.Server.Token == "" {
		return fmt.Errorf("server.listen = %q is reachable from other machines: set server.token, or listen on 127.0.0.1", c.Server.Listen)
	}
	if c.Server.Token != "" && len(c.Server.Token) < 8 {
		return fmt.Errorf("server.token is shorter than 8 characters: use a longer one")
	}
	for _, name := range c.Server.AllowedHosts {
		if name == "" || strings.ContainsAny(name, "/ *") {
			return fmt.Errorf("server.allowed_hosts holds %q: write plain host names", name)
		}
	}
	return nil
}

// IsLoopback tells whether a listener on host can be reached from this machine only.
func IsLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

func (c *Config) cors() error {
	for _, origin := range c.CORS.AllowOrigins {
		if origin == "*" {
			if c.Server.Token == "" {
				return fmt.Errorf(`cors.allow_origins holds "*": set server.token, or name the origins`)
			}
			continue
		}
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" || origin == "null" {
			return fmt.Errorf("cors.allow_origins holds %q: write origins such as https://example.org", origin)
		}
	}
	return nil
}

func (c *Config) logging() error {
	if err := oneOf("logging.level", c.Logging.Level, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	return oneOf("logging.format", c.Logging.Format, "text", "json")
}

func (c *Config) solana() error {
	s := &c.Solana
	if err := oneOf("solana.cluster", s.Cluster, "demo", "localnet", "devnet", "mainnet", "custom"); err != nil {
		return err
	}
	if s.Cluster == "custom" && s.RPCURL == "" {
		return fmt.Errorf("solana.cluster = \"custom\" needs solana.rpc_url (or --rpc-url)")
	}
	if s.Cluster != "custom" && (s.RPCURL != "" || s.WSURL != "") {
		return fmt.Errorf("solana.rpc_url and ws_url go with solana.cluster = \"custom\"; it is %q", s.Cluster)
	}
	if err := checkEndpoint("solana", Endpoint{s.RPCURL, s.WSURL}); err != nil {
		return err
	}
	for i, endpoint := range s.Fallback {
		if endpoint.RPCURL == "" {
			return fmt.Errorf("solana.fallback[%d].rpc_url is missing", i)
		}
		if err := checkEndpoint(fmt.Sprintf("solana.fallback[%d]", i), endpoint); err != nil {
			return err
		}
	}
	if _, err := market.ParsePubkey(s.ProgramID); err != nil {
		return fmt.Errorf("solana.program_id: %w", err)
	}
	if err := oneOf("solana.commitment", s.Commitment, "processed", "confirmed", "finalized"); err != nil {
		return err
	}
	if s.TokenDecimals != market.TokenDecimals {
		return fmt.Errorf("solana.token_decimals = %d: SpinPet mints have %d decimals", s.TokenDecimals, market.TokenDecimals)
	}
	if _, err := s.Decimals(); err != nil {
		return err
	}
	return nil
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

// checkEndpoint never repeats a URL, as it may hold a key.
func checkEndpoint(key string, endpoint Endpoint) error {
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
			return fmt.Errorf("%s.%s is not a URL that starts with %s://", key, part.name, strings.Join(part.schemes, ":// or "))
		}
	}
	return nil
}

func (c *Config) numbers() error {
	for _, r := range []struct {
		key         string
		value       int
		least, most int
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
		{"metadata.request_timeout_seconds", c.Metadata.RequestTimeoutSeconds, 1, 600},
		{"metadata.max_retries", c.Metadata.MaxRetries, 0, 100},
	} {
		if r.value < r.least || r.value > r.most {
			return fmt.Errorf("%s = %d is out of range: use %d..%d", r.key, r.value, r.least, r.most)
		}
	}
	return nil
}

func (c *Config) kline() error {
	if len(c.Kline.Intervals) == 0 {
		return fmt.Errorf("kline.intervals is empty: name at least one interval")
	}
	seen := map[string]bool{}
	for _, name := range c.Kline.Intervals {
		if _, err := market.ParseInterval(name); err != nil {
			return fmt.Errorf("kline.intervals: %w", err)
		}
		if seen[name] {
			return fmt.Errorf("kline.intervals names %q twice", name)
		}
		seen[name] = true
	}
	if gateway, err := url.Parse(c.Metadata.IPFSGateway); err != nil || gateway.Host == "" || gateway.Scheme != "http" && gateway.Scheme != "https" {
		return fmt.Errorf("metadata.ipfs_gateway = %q is not an http or https URL", c.Metadata.IPFSGateway)
	}
	return nil
}

// ParsedIntervals is kline.intervals, shortest first; the configuration must be valid.
func (k *Kline) ParsedIntervals() []market.Interval {
	var intervals []market.Interval
	for _, interval := range market.AllIntervals() {
		if slices.Contains(k.Intervals, interval.String()) {
			intervals = append(intervals, interval)
		}
	}
	return intervals
}

func oneOf(key, value string, values ...string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return fmt.Errorf("%s = %q: use one of %s", key, value, strings.Join(values, ", "))
}
