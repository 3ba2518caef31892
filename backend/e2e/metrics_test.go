package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// TestMetricsAreWellNamed reads /metrics of a server as Prometheus' own linter would: HELP and TYPE of everything,
// counters and nothing else that end in _total, base units, no abbreviations, and what the docs tell to watch.
func TestMetricsAreWellNamed(t *testing.T) {
	t.Parallel()
	market := startCluster(t, "--mints", "2", "--history", "10m")
	s := startServer(t, t.TempDir(), market.flags()...)
	await(t, "a market", func() error {
		if s.status().ConnectionStatus != "connected" {
			return errNotYet
		}
		return nil
	})

	_, body := request(t, http.MethodGet, s.url("/metrics"), nil, nil)
	help, types := map[string]string{}, map[string]string{}
	odd := regexp.MustCompile(`[A-Z]|__|_(ms|millis|milliseconds|micros|nanoseconds|minutes|hours|kb|mb|kilobytes|megabytes|percent|count|sum|bucket)(_|$)`)
	for line := range strings.SplitSeq(string(body), "\n") {
		name, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(line, "# HELP "), "# TYPE "), " ")
		switch {
		case strings.HasPrefix(line, "# HELP "):
			help[name] = text
		case strings.HasPrefix(line, "# TYPE "):
			types[name] = text
		case line != "" && help[regexp.MustCompile(`[{ ].*|_(bucket|sum|count)[{ ].*`).ReplaceAllString(line, "")] == "":
			t.Errorf("no HELP before %s", line)
		}
	}

	for name, kind := range types {
		if !strings.HasPrefix(name, "spinscope_") {
			continue
		}
		if strings.HasSuffix(name, "_total") != (kind == "counter") {
			t.Errorf("%s is a %s", name, kind)
		}
		if odd.MatchString(name) || strings.Contains(name, kind) || help[name] == "" || !strings.HasSuffix(help[name], ".") {
			t.Errorf("%s: %q", name, help[name])
		}
	}

	for _, name := range []string{
		"spinscope_feed_connected", "spinscope_lag_slots", "spinscope_data_dir_free_bytes", "spinscope_store_gaps_open",
		"spinscope_store_damaged_tables",
		"spinscope_socketio_slow_consumers_total", "spinscope_build_info",
	} {
		if types[name] == "" {
			t.Errorf("no %s", name)
		}
	}

	if len(types) < 50 {
		t.Error("only", len(types))
	}
}
