package publicnet

import "net/netip"

// special are the blocks that are not one host on the public internet: the special-purpose registries of IANA for IPv4
// and IPv6, multicast, and what embeds an IPv4 address, which would lead around the check.
var special = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private
	"100.64.0.0/10",   // carrier-grade NAT
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, where clouds serve credentials
	"172.16.0.0/12",   // private
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.31.196.0/24", // AS112
	"192.52.193.0/24", // AMT relays
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private
	"192.175.48.0/24", // AS112
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, broadcast
)

// global is what of IPv6 is assigned to hosts; all else is loopback, local, multicast, translated or unassigned.
var global = netip.MustParsePrefix("2000::/3")

// specialGlobal are the blocks in it that lead elsewhere.
var specialGlobal = prefixes(
	"2001::/23",         // protocol assignments, Teredo
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4
	"2620:4f:8000::/48", // AS112
	"3fff::/20",         // documentation
)

func prefixes(list ...string) []netip.Prefix {
	parsed := make([]netip.Prefix, len(list))
	for i, text := range list {
		parsed[i] = netip.MustParsePrefix(text)
	}
	return parsed
}

// Public reports whether the address is a host on the public internet. IPv4 in IPv6 clothes, a zone and anything unclear
// are not.
func Public(address netip.Addr) bool {
	if !address.IsValid() || address.Zone() != "" || address.Is4In6() {
		return false
	}
	blocks := special
	if address.Is6() {
		if !global.Contains(address) {
			return false
		}
		blocks = specialGlobal
	}
	for _, block := range blocks {
		if block.Contains(address) {
			return false
		}
	}
	return true
}
