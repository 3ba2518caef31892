package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"spinscope/backend/wake"
)

// checkStream refuses a log that can lose what it has acknowledged, or that others may change.
func checkStream(info *jetstream.StreamInfo, want *jetstream.StreamConfig) error {
	c := &info.Config
	for _, setting := range []struct {
		name       string
		ok         bool
		have, want any
	}{
		{"storage", c.Storage == want.Storage, c.Storage, want.Storage},
		{"num_replicas", c.Replicas >= want.Replicas, c.Replicas, want.Replicas},
		{"retention", c.Retention == want.Retention, c.Retention, want.Retention},
		{"deny_delete", c.DenyDelete, c.DenyDelete, true},
		{"deny_purge", c.DenyPurge, c.DenyPurge, true},
		{"max_age", c.MaxAge == 0 || c.MaxAge >= want.MaxAge, c.MaxAge, want.MaxAge},
		{"max_msgs", c.MaxMsgs <= 0, c.MaxMsgs, "no limit"},
		{"max_bytes", c.MaxBytes <= 0, c.MaxBytes, "no limit"},
		{"max_msgs_per_subject", c.MaxMsgsPerSubject <= 0, c.MaxMsgsPerSubject, "no limit"},
		{"duplicate_window", c.Duplicates >= want.Duplicates, c.Duplicates, want.Duplicates},
		{"no_ack", !c.NoAck, c.NoAck, false},
		{"persist_mode", c.PersistMode == want.PersistMode, c.PersistMode, want.PersistMode},
		{"subjects", len(c.Subjects) == 1 && c.Subjects[0] == want.Subjects[0], c.Subjects, want.Subjects},
	} {
		if !setting.ok {
			return fmt.Errorf("%w: stream %s has %s %v, and it must be %v", ErrSettings, c.Name, setting.name, setting.have, setting.want)
		}
	}
	return nil
}

// checkPayload refuses servers that do not take the largest commit.
func (b *Bus) checkPayload() error {
	if got := b.conn.MaxPayload(); got < maxPayload {
		return fmt.Errorf("%w: its servers take messages of %d bytes, and a commit may have %d: set max_payload: 8MB", ErrSettings, got, maxPayload)
	}
	return nil
}

// checkServers asks every server with JetStream whether it writes each message through to the disk before it acknowledges it.
// By default a server does so every two minutes, and a power cut takes what was acknowledged since. few says that there are
// not enough of them to make a log.
func (b *Bus) checkServers(ctx context.Context) (few, err error) {
	if b.options.SyncChecked {
		return nil, nil
	}
	if b.options.SystemCredentials == "" && b.options.Embedded == nil {
		return nil, fmt.Errorf("%w: it cannot be seen whether its servers have sync_interval: always: give the credentials of their system account as bus.system_credentials, "+
			"or set bus.sync_checked = true when you have looked yourself", ErrSettings)
	}

	options, err := b.connectOptions(b.options.SystemCredentials)
	if err != nil {
		return nil, err
	}
	if b.options.Embedded != nil {
		options = append(options, nats.UserInfo(b.options.Embedded.System()))
	}

	answers, err := b.answers(ctx, options)
	if err != nil {
		return nil, err
	}
	storing := 0
	for i := range answers {
		one := &answers[i]
		if one.Data.Disabled || one.Data.Config.StoreDir == "" {
			continue
		}
		storing++
		if !one.Data.Config.SyncAlways {
			return nil, fmt.Errorf("%w: server %s acknowledges commits before they are on its disk: set sync_interval: always in its jetstream block", ErrSettings, one.Server.Name)
		}
	}

	if storing < b.options.Replicas {
		few = fmt.Errorf("%w: %d of its servers have JetStream, and %d replicas are asked for", ErrSettings, storing, b.options.Replicas)
	}
	return few, nil
}

// serverAnswer is what a server says of its JetStream.
type serverAnswer struct {
	Server struct {
		Name string `json:"name"`
	} `json:"server"`
	Data struct {
		Disabled bool `json:"disabled"`
		Config   struct {
			StoreDir   string `json:"store_dir"`
			SyncAlways bool   `json:"sync_always"`
		} `json:"config"`
	} `json:"data"`
}

// answers asks the servers as their system account, and asks again while none says anything, as when they are without a leader or
// busy: only what they refuse is the operator's to mend.
func (b *Bus) answers(ctx context.Context, options []nats.Option) ([]serverAnswer, error) {
	for {
		list, err := ask(ctx, b.options.URL, options)
		if err == nil || errors.Is(err, ErrSettings) || errors.Is(err, nats.ErrAuthorization) || ctx.Err() != nil {
			return list, err
		}
		b.log.Warn("no server of the bus says how it writes to its disk, asking again", "err", err)
		if waiting := wake.After(ctx, retryPause); waiting != nil {
			return nil, errors.Join(waiting, err)
		}
	}
}

// ask connects once and asks all servers.
func ask(ctx context.Context, url string, options []nats.Option) ([]serverAnswer, error) {
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return nil, fmt.Errorf("connect to the bus as its system account: %w", err)
	}
	defer conn.Close()
	return servers(ctx, conn)
}

// errSilent is returned when no server answers.
var errSilent = errors.New("none answers")

// Servers answer for themselves, and nobody says how many there are: those that have not answered by then are not up.
const (
	firstAnswer = 5 * time.Second
	nextAnswer  = 500 * time.Millisecond
)

// servers asks all servers. It returns ErrSettings when the connection is not of the system account, and errSilent when none answers.
func servers(ctx context.Context, conn *nats.Conn) (list []serverAnswer, err error) {
	inbox := nats.NewInbox()
	answers, err := conn.SubscribeSync(inbox)
	if err != nil {
		return nil, fmt.Errorf("ask the servers of the bus: %w", err)
	}
	defer func() { _ = answers.Unsubscribe() }() // the connection ends too
	if err := conn.PublishRequest("$SYS.REQ.SERVER.PING.JSZ", inbox, []byte(`{}`)); err != nil {
		return nil, fmt.Errorf("ask the servers of the bus: %w", err)
	}

	for patience := firstAnswer; ; patience = nextAnswer {
		once, cancel := context.WithTimeout(ctx, patience)
		message, err := answers.NextMsgWithContext(once)
		cancel()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if errors.Is(err, nats.ErrNoResponders) {
			return nil, fmt.Errorf("%w: no server says how it writes to its disk: bus.system_credentials must be of the system account", ErrSettings)
		}
		if err != nil {
			break
		}
		var one serverAnswer
		if err := json.Unmarshal(message.Data, &one); err != nil || one.Server.Name == "" {
			continue
		}
		list = append(list, one)
	}

	if len(list) == 0 {
		return nil, errSilent
	}
	return list, nil
}
