package config

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

// Bus is what carries commits between machines. Without an address and without an embedded server there is none.
type Bus struct {
	URL               string   `toml:"url"`                // nats:// or tls:// addresses, separated by commas, without a login
	Name              string   `toml:"name"`               // of the log and what goes with it; another one for another market
	Node              string   `toml:"node"`               // of this process; "": the machine's name
	Credentials       string   `toml:"credentials"`        // file
	TLSCA             string   `toml:"tls_ca"`             // file
	TLSCert           string   `toml:"tls_cert"`           // file: of the embedded server
	TLSKey            string   `toml:"tls_key"`            // file
	SystemCredentials string   `toml:"system_credentials"` // file: of the servers' system account
	SyncChecked       bool     `toml:"sync_checked"`       // the operator has looked that the servers have sync_interval: always
	Replicas          int      `toml:"replicas"`           // 1, 3 or 5
	Embedded          bool     `toml:"embedded"`           // a server in this process
	Listen            string   `toml:"listen"`             // HOST:PORT of the embedded server
	Cluster           string   `toml:"cluster"`            // HOST:PORT for the other servers; "": there are none
	Peers             []string `toml:"peers"`              // HOST:PORT of the others
}

// On reports whether there is a bus.
func (b *Bus) On() bool { return b.URL != "" || b.Embedded }

var busName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,40}$`)

func (c *Config) bus(found *problems) {
	b := &c.Bus
	if !busName.MatchString(b.Name) {
		found.add("bus.name", b.Name, ": use letters, digits, - and _")
	}
	if b.Replicas != 1 && b.Replicas != 3 && b.Replicas != 5 {
		found.add("bus.replicas", b.Replicas, ": use 3, or 1 on a single server, or 5")
	}
	if b.URL != "" && b.Embedded {
		found.addUnseen("bus.url", " is of servers elsewhere: leave it out with bus.embedded")
	}

	if (b.TLSCert == "") != (b.TLSKey == "") {
		found.addUnseen("bus.tls_cert", " and bus.tls_key are of one certificate: give both or none")
	}

	for one := range strings.SplitSeq(b.URL, ",") {
		parsed, err := url.Parse(strings.TrimSpace(one))
		switch {
		case b.URL == "":
		case err != nil || parsed.Hostname() == "" || parsed.Scheme != "nats" && parsed.Scheme != "tls":
			found.addUnseen("bus.url", ": write nats://HOST:4222 or tls://HOST:4222, several with commas between")
		case parsed.User != nil:
			found.addUnseen("bus.url", " holds a login: put it into a file and name that as bus.credentials")
		}
	}

	for key, address := range map[string]string{"bus.listen": b.Listen, "bus.cluster": b.Cluster} {
		if _, _, err := net.SplitHostPort(address); err != nil && address != "" {
			found.add(key, address, ": write HOST:PORT, such as 127.0.0.1:4222")
		}
	}
}
