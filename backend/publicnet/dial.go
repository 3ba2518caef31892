package publicnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
)

// ErrRefused is returned when a fetch would reach an address that is not public.
var ErrRefused = errors.New("not a public address")

const (
	dialTime    = 10 * time.Second // for one address
	maxDials    = 4                // addresses of one name that are tried
	maxResolved = 64               // more are no honest answer
)

// Dialer opens connections for the HTTP client. It resolves names itself and dials only what it has checked, so that a
// name cannot change its address in between. Tests put a network of their own in the place of its functions.
type Dialer struct {
	Exempt  string // HOST:PORT, lower case, that is dialled wherever it is; "" for none
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	Connect func(ctx context.Context, network, address string, checked bool) (net.Conn, error)
}

// NewDialer makes a dialer for which one HOST:PORT, in lower case, need not be public; "" for none.
func NewDialer(exempt string) *Dialer {
	return &Dialer{Exempt: exempt, Connect: Connect, Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
		return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	}}
}

// Connect dials. When the address must be public (checked), the kernel's view of it is checked once more; ErrRefused then.
func Connect(ctx context.Context, network, address string, checked bool) (net.Conn, error) {
	d := net.Dialer{Timeout: dialTime}
	if checked {
		d.ControlContext = func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil || !Public(to.Addr()) {
				return fmt.Errorf("dial %s: %w", address, ErrRefused)
			}
			return nil
		}
	}
	return d.DialContext(ctx, network, address)
}

// dial implements http.Transport's DialContext.
func (d *Dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if strings.ToLower(address) == d.Exempt {
		return d.Connect(ctx, network, address, false)
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("dial %q: %w", address, err)
	}

	addresses, err := d.addresses(ctx, host)
	if err != nil {
		return nil, err
	}

	var failed error
	for _, each := range addresses[:min(len(addresses), maxDials)] {
		conn, err := d.Connect(ctx, "tcp", net.JoinHostPort(each.String(), port), true)
		if err == nil {
			return conn, nil
		}
		failed = err
		if ctx.Err() != nil {
			break
		}
	}

	return nil, failed
}

// addresses are those of the host, at least one and all public: a name that has one private address is refused whole.
func (d *Dialer) addresses(ctx context.Context, host string) ([]netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		if !Public(literal) {
			return nil, fmt.Errorf("%s: %w", literal, ErrRefused)
		}
		return []netip.Addr{literal}, nil
	}

	list, err := d.Resolve(ctx, host)
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", host, err)
	}
	if len(list) == 0 || len(list) > maxResolved {
		return nil, fmt.Errorf("resolve %q: %d addresses", host, len(list))
	}

	for i, each := range list {
		list[i] = each.Unmap() // resolvers may give IPv4 in the form of IPv6
		if !Public(list[i]) {
			return nil, fmt.Errorf("%q is at %s: %w", host, each, ErrRefused)
		}
	}

	return list, nil
}
