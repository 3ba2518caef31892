package publicnet

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "1.1.1.1": true, "93.184.216.34": true, "172.15.255.255": true, "172.32.0.0": true,
		"100.63.255.255": true, "100.128.0.0": true, "192.167.255.255": true, "192.169.0.0": true, "169.253.255.255": true,
		"198.17.255.255": true, "198.20.0.0": true, "223.255.255.255": true, "11.0.0.0": true, "126.255.255.255": true, "128.0.0.0": true,
		"2606:4700:4700::1111": true, "2a00:1450:4001:81b::200e": true, "2001:4860:4860::8888": true,

		"0.0.0.0": false, "0.1.2.3": false, "10.0.0.1": false, "10.255.255.255": false, "100.64.0.1": false, "100.127.255.255": false,
		"127.0.0.1": false, "127.255.255.254": false, "169.254.169.254": false, "172.16.0.1": false, "172.31.255.255": false,
		"192.0.0.8": false, "192.0.2.1": false, "192.88.99.1": false, "192.168.0.1": false, "198.18.0.1": false, "198.19.255.255": false,
		"198.51.100.7": false, "203.0.113.9": false, "224.0.0.1": false, "239.255.255.255": false, "240.0.0.1": false, "255.255.255.255": false,

		"::": false, "::1": false, "::ffff:127.0.0.1": false, "::ffff:8.8.8.8": false, "::127.0.0.1": false, "::8.8.8.8": false,
		"64:ff9b::a00:1": false, "64:ff9b::808:808": false, "64:ff9b:1::1": false, "100::1": false,
		"2001::1": false, "2001:0:4136:e378:8000:63bf:3fff:fdd2": false, "2001:10::1": false, "2001:db8::1": false,
		"2002:7f00:1::": false, "2002:a00:1::1": false, "3fff::1": false, "4000::1": false, "5f00::1": false,
		"fc00::1": false, "fd12:3456:789a::1": false, "fe80::1": false, "fe80::1%eth0": false, "2606:4700::1%eth0": false,
		"fec0::1": false, "ff02::1": false, "ff0e::1": false,
	} {
		if got := Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("Public(%s) = %v", text, got)
		}
	}

	if Public(netip.Addr{}) {
		t.Error("the zero address is public")
	}
}

// Nothing that the standard library calls private, local or multicast is public, in no clothes.
func TestPublicAgreesWithTheStandardLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	inside := []netip.Prefix{netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8")}
	inside = append(inside, special...)
	for range 20_000 {
		var four [4]byte
		var six [16]byte
		for i := range six {
			six[i] = byte(random.Uint32())
		}

		copy(four[:], six[:])
		if block := inside[random.IntN(len(inside))]; random.IntN(2) == 0 { // within a known block
			fixed := block.Addr().AsSlice()
			target := six[:]
			if block.Addr().Is4() {
				target = four[:]
			}
			for bit := range block.Bits() {
				mask := byte(0x80 >> (bit % 8))
				target[bit/8] = target[bit/8]&^mask | fixed[bit/8]&mask
			}
		}

		for _, address := range []netip.Addr{netip.AddrFrom4(four), netip.AddrFrom16(six)} {
			local := address.IsPrivate() || address.IsLoopback() || address.IsMulticast() || address.IsLinkLocalUnicast() ||
				address.IsUnspecified() || !address.IsGlobalUnicast()
			if local && Public(address) {
				t.Fatalf("Public(%s)", address)
			}
		}

		v4 := netip.AddrFrom4(four)
		mapped := netip.AddrFrom16(v4.As16())
		embedded := [][16]byte{mapped.As16(), {0: 0x20, 1: 0x02, 2: four[0], 3: four[1], 4: four[2], 5: four[3]}, {12: four[0], 13: four[1], 14: four[2], 15: four[3]}}
		nat := [16]byte{1: 0x64, 2: 0xff, 3: 0x9b}
		copy(nat[12:], four[:])
		for _, form := range append(embedded, nat) {
			if address := netip.AddrFrom16(form); Public(address) {
				t.Fatalf("Public(%s), which stands for %s", address, v4)
			}
		}
	}
}

// dialed is a dialer that remembers what it would connect to.
func dialed(names map[string][]string) (*Dialer, *[]string) {
	var list []string
	return &Dialer{
		Exempt: "gateway.test:8080",
		Resolve: func(_ context.Context, host string) (out []netip.Addr, err error) {
			for _, text := range names[host] {
				out = append(out, netip.MustParseAddr(text))
			}
			return out, nil
		},
		Connect: func(_ context.Context, _, address string, checked bool) (net.Conn, error) {
			if checked {
				address += " checked"
			}
			list = append(list, address)
			return nil, nil
		},
	}, &list
}

func TestDialChecksWhatItDials(t *testing.T) {
	for _, test := range []struct {
		address   string
		addresses []string
		want      string // "" is refused
	}{
		{"host.test:443", []string{"8.8.8.8"}, "8.8.8.8:443 checked"},
		{"host.test:443", []string{"2606:4700::1111", "8.8.8.8"}, "[2606:4700::1111]:443 checked"},
		{"host.test:443", []string{"::ffff:8.8.8.8"}, "8.8.8.8:443 checked"},
		{"8.8.4.4:443", nil, "8.8.4.4:443 checked"},
		{"gateway.test:8080", []string{"10.0.0.1"}, "gateway.test:8080"},
		{"GATEWAY.test:8080", []string{"10.0.0.1"}, "GATEWAY.test:8080"},
		{"gateway.test:8081", []string{"10.0.0.1"}, ""},
		{"gateway.test.:8080", []string{"10.0.0.1"}, ""},
		{"host.test:443", []string{"10.0.0.1"}, ""},
		{"host.test:443", []string{"8.8.8.8", "127.0.0.1"}, ""},
		{"host.test:443", []string{"::ffff:127.0.0.1"}, ""},
		{"host.test:443", []string{"::1"}, ""},
		{"host.test:443", []string{}, ""},
		{"127.0.0.1:8080", nil, ""},
		{"[::1]:443", nil, ""},
		{"[::ffff:127.0.0.1]:443", nil, ""},
		{"[::FFFF:808:808]:443", nil, ""},
		{"169.254.169.254:80", nil, ""},
		{"0.0.0.0:443", nil, ""},
		{"127.1:443", []string{"127.0.0.1"}, ""}, // resolvers of the system read it so
		{"nonsense", nil, ""},
	} {
		host, _, _ := net.SplitHostPort(test.address)
		d, list := dialed(map[string][]string{host: test.addresses})
		_, err := d.dial(t.Context(), "tcp", test.address)
		switch got := strings.Join(*list, " "); {
		case got != test.want:
			t.Errorf("%s at %v: dialled %q, want %q", test.address, test.addresses, got, test.want)
		case (err != nil) != (test.want == ""):
			t.Errorf("%s at %v: %v", test.address, test.addresses, err)
		case err != nil && len(test.addresses) > 0 && !errors.Is(err, ErrRefused):
			t.Errorf("%s at %v: %v is not a refusal", test.address, test.addresses, err)
		}
	}
}

// A name that turns private after the check is of no use: it is not asked again.
func TestRebindingNameIsAskedOnce(t *testing.T) {
	d, list := dialed(nil)
	answers := [][]string{{"8.8.8.8"}, {"127.0.0.1"}}
	d.Resolve = func(context.Context, string) ([]netip.Addr, error) {
		answer := answers[0]
		answers = slices.Delete(answers, 0, 1)
		return []netip.Addr{netip.MustParseAddr(answer[0])}, nil
	}
	if _, err := d.dial(t.Context(), "tcp", "rebind.test:443"); err != nil || len(*list) != 1 || (*list)[0] != "8.8.8.8:443 checked" {
		t.Errorf("first: %v, dialled %v", err, *list)
	}
	if _, err := d.dial(t.Context(), "tcp", "rebind.test:443"); !errors.Is(err, ErrRefused) || len(*list) != 1 {
		t.Errorf("second: %v, dialled %v", err, *list)
	}
}

// Even if the check above were wrong, the socket's own address is looked at before it connects.
func TestConnectChecksTheSocket(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if conn, err := Connect(t.Context(), "tcp", listener.Addr().String(), true); !errors.Is(err, ErrRefused) {
		t.Errorf("checked: %v, %v", conn, err)
	}
	conn, err := Connect(t.Context(), "tcp", listener.Addr().String(), false)
	if err != nil {
		t.Fatalf("Exempt: %v", err)
	}
	_ = conn.Close()
}
