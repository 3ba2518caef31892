//go:build desktop && !linux

package app

import "errors"

// errNoNotifications is returned where this build cannot show notifications.
var errNoNotifications = errors.New("this build shows notifications on Linux only")

func openNotifications() (send func(title, body string) error, closing func(), err error) {
	return nil, nil, errNoNotifications
}
