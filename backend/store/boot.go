package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A log that is damaged in the middle is a damage, unless the machine itself went down while the store was open: then
// pages of the log may be missing anywhere in it, and what follows is lost as documented (Options.SyncWrites). The file
// BOOT holds which run of the machine opened the store last. Without it, as in a store of an earlier version, or where the
// system does not name its runs, the gentler reason counts.

const bootFile = "BOOT"

// bootID names this run of the machine; "" when the system does not.
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// wentDown reports whether the machine may have gone down since the store was opened.
func wentDown(o *Options) bool {
	opened, err := os.ReadFile(filepath.Join(o.Dir, bootFile))
	now := o.bootID()
	return err != nil || now == "" || strings.TrimSpace(string(opened)) != now
}

// noteBoot writes which run of the machine opens the store.
func noteBoot(o *Options) error {
	if !wentDown(o) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(o.Dir, bootFile), []byte(o.bootID()+"\n"), 0o600); err != nil {
		return fmt.Errorf("note the machine's run: %w", err)
	}
	return nil
}
