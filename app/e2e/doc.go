// Package e2e tests the desktop app from outside: the built program on a screen of its own, in the real webview, driven
// by keys, by the native dialogs and through the accessibility bus, and looked at through pixels and the page's DOM.
//
// It holds tests only. `make e2e-desktop` builds the program with the webview's inspector (build tag devtools) and gives
// its path in SPINSCOPE_DESKTOP; without it, or without the X tools that `build/setup.sh test` installs, they are skipped.
// Each test has its own X server, window manager, message bus, home directory and port.
package e2e
