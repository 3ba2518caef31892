package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"spinscope/backend/bus"
	"spinscope/backend/bus/embedded"
)

// authority is a new one, and a certificate of it for the loopback: files.
func authority(t *testing.T) (ca, cert, key string) {
	t.Helper()
	dir := t.TempDir()
	write := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pair := func() *ecdsa.PrivateKey {
		made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	sign := func(of, by *x509.Certificate, key, with *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, of, by, &key.PublicKey, with)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}

	until := time.Now().Add(time.Hour)
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}, NotAfter: until, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	own := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"}, NotAfter: until, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	rootKey, ownKey := pair(), pair()
	der, err := x509.MarshalECPrivateKey(ownKey)
	if err != nil {
		t.Fatal(err)
	}
	return write("ca.pem", "CERTIFICATE", sign(root, root, rootKey, rootKey)), write("cert.pem", "CERTIFICATE", sign(own, root, ownKey, rootKey)),
		write("key.pem", "EC PRIVATE KEY", der)
}

// With certificates the servers speak to each other and to clients in TLS alone, and a client checks who they are.
func TestEncryption(t *testing.T) {
	ca, cert, key := authority(t)
	other, _, _ := authority(t)
	s := newSite(t, func(o *embedded.Options) { o.TLSCert, o.TLSKey, o.TLSCA = cert, key, ca })

	b := s.join(bus.Options{URL: s.servers[0].URL(), TLSCA: ca, SyncChecked: true, Node: "one"})
	log := s.open(b, 1)
	if err := log.Append(t.Context(), 1, []byte("a commit")); err != nil {
		t.Fatal(err)
	}
	if got := collect(t, s.open(s.join(bus.Options{Embedded: s.servers[2], TLSCA: ca, Node: "two"}), 1), 1, 1); got[1] != "a commit" {
		t.Errorf("another server has %q", got[1])
	}

	for what, file := range map[string]string{"the system's authorities": "", "another authority": other} {
		if stranger, err := bus.Connect(t.Context(), bus.Options{URL: s.servers[0].URL(), Name: "market", TLSCA: file}); err == nil {
			stranger.Close()
			t.Errorf("%s: the server's certificate was taken", what)
		}
	}

	// In TLS 1.2 the handshake says it, later only the first read.
	stranger := &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12} //nolint:gosec // it looks at what it is refused for
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: time.Minute}, "tcp", s.options[0].Cluster, stranger)
	if err == nil {
		conn.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "handshake failure") {
		t.Errorf("a server without a certificate: %v", err)
	}
}

// What is wrong about the files of a certificate is said at the start.
func TestEncryptionIsRefused(t *testing.T) {
	ca, cert, key := authority(t)
	_, _, otherKey := authority(t)
	for _, c := range []struct{ cert, key, ca, want string }{
		{cert, otherKey, ca, "tls_cert and tls_key"},
		{cert, "", ca, "tls_cert and tls_key"},
		{cert, key, key, "holds no certificate"},
		{cert, key, "/nonexistent", "tls_ca"},
	} {
		_, err := embedded.Start(embedded.Options{Dir: t.TempDir(), Name: "one", Listen: "127.0.0.1:0", TLSCert: c.cert, TLSKey: c.key, TLSCA: c.ca})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
