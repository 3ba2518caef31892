//go:build desktop && linux

package app

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	busName  = "org.freedesktop.Notifications"
	busPath  = "/org/freedesktop/Notifications"
	busReply = 5 * time.Second
)

// openNotifications connects to the session's notification service, itself: the library passes texts on as they are. Where that reads markup, texts are escaped: what a
// token calls itself must not become a link.
func openNotifications(context.Context) (send func(title, body string) error, closing func(), err error) {
	bus, err := dbus.ConnectSessionBus()
	if err != nil {
		return nil, nil, fmt.Errorf("session bus: %w", err)
	}

	service := bus.Object(busName, busPath)
	call := func(method string, result any, args ...any) error {
		ctx, done := context.WithTimeout(context.Background(), busReply)
		defer done()
		return service.CallWithContext(ctx, busName+"."+method, 0, args...).Store(result)
	}
	var abilities []string
	if err := call("GetCapabilities", &abilities); err != nil {
		_ = bus.Close()
		return nil, nil, fmt.Errorf("notification service: %w", err)
	}

	plain := func(text string) string { return text }
	if slices.Contains(abilities, "body-markup") {
		plain = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace
	}
	send = func(title, body string) error {
		var id uint32
		hints := map[string]dbus.Variant{"desktop-entry": dbus.MakeVariant("spinscope")}
		err := call("Notify", &id, "Spinscope", uint32(0), "spinscope", title, plain(body), []string{}, hints, int32(-1))
		if err != nil {
			return fmt.Errorf("notification service: %w", err)
		}
		return nil
	}

	return send, func() { _ = bus.Close() }, nil
}
