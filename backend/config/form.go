package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Form is the part of a configuration that a person changes in a dialog. Its secrets are masked.
type Form struct {
	Values   map[string]string `json:"values"`   // by key such as server.listen; lists comma-separated
	Fallback []FormEndpoint    `json:"fallback"` // solana.fallback
}

// FormEndpoint is an endpoint in a Form.
type FormEndpoint struct {
	RPCURL string `json:"rpc_url"`
	WSURL  string `json:"ws_url"`
	// Stored says whose secrets a masked address stands for: n > 0 is the n-th fallback, Preferred is solana.rpc_url and
	// ws_url, 0 is none.
	Stored int `json:"stored"`
}

// Preferred is FormEndpoint.Stored of the endpoint of a custom cluster.
const Preferred = -1

// formKeys are the keys of a Form, with what hides those that are secret.
var formKeys = map[string]func(string) string{
	"solana.cluster": nil, "solana.rpc_url": maskURL, "solana.ws_url": maskURL, "solana.program_id": nil, "solana.commitment": nil,
	"solana.backfill_limit": nil, "server.listen": nil, "server.token": maskWord, "store.retention_days": nil,
	"kline.intervals": nil, "alerts.webhook": maskURL, "updates.url": maskURL, "updates.public_key": nil, "window.gpu": nil,
}

// NewForm is what a configuration looks like to a person.
func NewForm(cfg Config) Form {
	cfg.Solana.offerKept()
	form := Form{Values: map[string]string{}, Fallback: []FormEndpoint{}}
	for key, mask := range formKeys {
		text := shown(at(&cfg, key))
		if mask != nil {
			text = mask(text)
		}
		form.Values[key] = text
	}
	for i, endpoint := range cfg.Solana.Fallback {
		form.Fallback = append(form.Fallback, FormEndpoint{maskURL(endpoint.RPCURL), maskURL(endpoint.WSURL), i + 1})
	}
	return form
}

// Apply puts a form over the configuration it was made of. Values need not hold every key; a nil Fallback changes
// nothing. A cluster that brings its own
// endpoint takes the place of a custom one, whose addresses go.
func (f Form) Apply(cfg Config) (Config, []*KeyError) {
	var found problems
	next := cfg
	next.Solana.offerKept()
	for _, key := range slices.Sorted(maps.Keys(f.Values)) {
		mask, known := formKeys[key]
		if !known {
			found.addUnseen(key, " cannot be set here: use the configuration file")
			continue
		}

		target, text := at(&next, key), strings.TrimSpace(f.Values[key])
		if mask != nil {
			var whole bool
			if text, whole = unmask(text, target.String(), mask); !whole {
				found.addUnseen(key, stillMasked)
				continue
			}
		}

		if err := set(target, text); err != nil {
			found.addUnseen(key, ": %v", err)
		}
	}

	next.Solana.keepOwn(cfg.Solana)
	if f.Fallback != nil {
		next.Solana.Fallback = nil
	}
	for i, row := range f.Fallback {
		endpoint, problem := row.Unmask(cfg)
		if problem != nil {
			problem.Key = fmt.Sprintf("solana.fallback[%d].%s", i, problem.Key)
			found = append(found, problem)
		}
		next.Solana.Fallback = append(next.Solana.Fallback, endpoint)
	}

	return next, found
}

// offerKept puts the kept addresses where those of a custom cluster stand, when there are none.
func (s *Solana) offerKept() {
	if s.Cluster != "custom" && s.RPCURL == "" && s.WSURL == "" {
		s.RPCURL, s.WSURL = s.KeptRPCURL, s.KeptWSURL
	}
}

// keepOwn sets addresses aside that no cluster uses now, and forgets those that are in use again.
func (s *Solana) keepOwn(before Solana) {
	switch {
	case s.Cluster == "custom":
		if before.Cluster != "custom" {
			s.KeptRPCURL, s.KeptWSURL = "", ""
		}
	case before.Cluster == "custom" || before.RPCURL == "" && before.WSURL == "":
		s.KeptRPCURL, s.KeptWSURL = s.RPCURL, s.WSURL
		s.RPCURL, s.WSURL = "", ""
	}
}

const stillMasked = ": a part of it is still hidden: write it anew, or leave it as it was"

// Unmask is the endpoint with its secrets, out of the configuration that the form was made of. A problem names rpc_url or
// ws_url.
func (f FormEndpoint) Unmask(cfg Config) (Endpoint, *KeyError) {
	var stored Endpoint
	switch {
	case f.Stored == Preferred:
		cfg.Solana.offerKept()
		stored = Endpoint{cfg.Solana.RPCURL, cfg.Solana.WSURL}
	case f.Stored > 0 && f.Stored <= len(cfg.Solana.Fallback):
		stored = cfg.Solana.Fallback[f.Stored-1]
	}
	rpc, whole := unmask(strings.TrimSpace(f.RPCURL), stored.RPCURL, maskURL)
	if !whole {
		return Endpoint{}, &KeyError{Key: "rpc_url", text: stillMasked}
	}
	ws, whole := unmask(strings.TrimSpace(f.WSURL), stored.WSURL, maskURL)
	if !whole {
		return Endpoint{}, &KeyError{Key: "ws_url", text: stillMasked}
	}
	return Endpoint{rpc, ws}, nil
}

// Check tells what is wrong with the addresses; nil when nothing is. The problem names rpc_url or ws_url.
func (e Endpoint) Check() *KeyError {
	var found problems
	if found.endpoint("", e); len(found) == 0 {
		return nil
	}
	found[0].Key = strings.TrimPrefix(found[0].Key, ".")
	return found[0]
}

// Overlay is cfg with the values of the given keys taken from other.
func Overlay(cfg, other Config, keys map[string]string) Config {
	for key := range keys {
		if target, from := at(&cfg, key), at(&other, key); target.IsValid() {
			target.Set(from)
		}
	}
	return cfg
}

// at is the value of a key such as server.listen; not valid for one there is not.
func at(cfg *Config, key string) reflect.Value {
	section, name, _ := strings.Cut(key, ".")
	fields, known := field(reflect.ValueOf(cfg).Elem(), section)
	if !known {
		return reflect.Value{}
	}
	value, _ := field(fields, name)
	return value
}

// shown writes a value as the environment has it.
func shown(value reflect.Value) string {
	if list, ok := value.Interface().([]string); ok {
		return strings.Join(list, ",")
	}
	return fmt.Sprint(value.Interface())
}
