package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestShowAndPrepare(t *testing.T) {
	path := write(t, commented)
	running, origin, err := Load(path, []string{"SPINSCOPE_SERVER_LISTEN=127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}

	shown, err := Show(origin, running)
	if err != nil || shown.File != path || !shown.Found || shown.Fixed["server.listen"] != "SPINSCOPE_SERVER_LISTEN" {
		t.Fatalf("%+v %v", shown, err)
	}
	if got := shown.Form.Values["server.listen"]; got != "127.0.0.1:1" {
		t.Errorf("the fixed value is shown as %s", got)
	}

	_, found, err := Prepare(origin, running, shown.Revision, Form{Values: map[string]string{
		"server.listen": "127.0.0.1:2", "store.retention_days": "x", "window.gpu": "sometimes", "solana.program_id": "0",
	}})
	keys := []string{}
	for _, problem := range found {
		keys = append(keys, problem.Key)
	}

	slices.Sort(keys)
	if err != nil || strings.Join(keys, " ") != "server.listen solana.program_id store.retention_days window.gpu" {
		t.Fatalf("problems of %v: %v", keys, err)
	}
	if _, err := os.Stat(path + ".new"); err == nil {
		t.Error("a file was staged in spite of problems")
	}

	plan, found, err := Prepare(origin, running, shown.Revision, Form{Values: map[string]string{"window.gpu": "always"}})
	if err != nil || len(found) > 0 || !SameServer(plan.Config, running) || plan.Config.Server.Listen != "127.0.0.1:1" {
		t.Fatalf("%v %v %+v", err, found, plan.Config)
	}
	if err := plan.Staged.Commit(); err != nil {
		t.Fatal(err)
	}

	text, _ := os.ReadFile(path)
	if !strings.Contains(string(text), "127.0.0.1:6000") || !strings.Contains(string(text), `gpu = "always"`) {
		t.Errorf("the file is\n%s", text)
	}
	if _, _, err := Prepare(origin, running, shown.Revision, Form{}); !errors.Is(err, ErrChanged) {
		t.Errorf("an old revision: %v", err)
	}

	plan.Config.Store.RetentionDays++
	if SameServer(plan.Config, running) {
		t.Error("another retention is the same server")
	}
}

func TestShowABrokenFile(t *testing.T) {
	path := write(t, "[server")
	origin := Origin{File: path}
	if _, err := Show(origin, Default()); !errors.Is(err, ErrConfig) {
		t.Errorf("shown: %v", err)
	}
	if _, _, err := Prepare(origin, Default(), "", Form{}); !errors.Is(err, ErrConfig) {
		t.Errorf("prepared: %v", err)
	}
}

func TestPrepareWithoutAPlace(t *testing.T) {
	if _, _, err := Prepare(Origin{}, Default(), "none", Form{}); err == nil || !strings.Contains(err.Error(), "--config") {
		t.Errorf("got %v", err)
	}
	missing := Origin{File: filepath.Join(t.TempDir(), "a", "config.toml")}
	plan, found, err := Prepare(missing, Default(), "none", Form{Values: map[string]string{"solana.cluster": "demo"}})
	if err != nil || len(found) > 0 {
		t.Fatalf("%v %v", found, err)
	}
	if err := plan.Staged.Commit(); err != nil {
		t.Fatal(err)
	}
}
