//go:build desktop && !linux

package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	desktop "github.com/wailsapp/wails/v2/pkg/runtime"
)

// errNoNotifications is returned where the system shows none, or the person has not allowed them.
var errNoNotifications = errors.New("notifications are not allowed")

var notification atomic.Uint64

// openNotifications asks for the person's leave where the system wants that.
func openNotifications(window context.Context) (send func(title, body string) error, closing func(), err error) {
	if !desktop.IsNotificationAvailable(window) {
		return nil, nil, errNoNotifications
	}
	if err := desktop.InitializeNotifications(window); err != nil {
		return nil, nil, fmt.Errorf("start notifications: %w", err)
	}

	allowed, err := desktop.RequestNotificationAuthorization(window)
	if err != nil {
		return nil, nil, fmt.Errorf("ask for notifications: %w", err)
	}
	if !allowed {
		return nil, nil, errNoNotifications
	}

	send = func(title, body string) error {
		id := "alert-" + strconv.FormatUint(notification.Add(1), 10)
		return desktop.SendNotification(window, desktop.NotificationOptions{ID: id, Title: title, Body: body})
	}
	return send, func() { desktop.CleanupNotifications(window) }, nil
}
