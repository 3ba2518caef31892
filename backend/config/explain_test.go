package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// eachKey calls try with the section, name and type of every key but the alias.
func eachKey(try func(section, key string, kind reflect.Type)) {
	for _, section := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		for _, key := range reflect.VisibleFields(section.Type) {
			if key.Type.Kind() != reflect.Pointer {
				try(section.Tag.Get("toml"), key.Tag.Get("toml"), key.Type)
			}
		}
	}
}

// Whatever is wrong with the value of whichever key, and however it is written, the error names file, section, key and
// line, and not the value, which may be a secret.
func TestErrorsNameFileKeyAndLine(t *testing.T) {
	const secret = "hunter2hunter2"
	wrong := map[reflect.Kind][]string{
		reflect.Int:     {"1.5", "1e3", `"hunter2hunter2"`, "99999999999999999999", "true", "2020-01-01", "[1]"},
		reflect.Int64:   {"1.5", `"hunter2hunter2"`, "99999999999999999999"},
		reflect.Float64: {`"hunter2hunter2"`, "true"},
		reflect.Bool:    {"1", `"hunter2hunter2"`},
		reflect.String:  {"5", "true", `["hunter2hunter2"]`, "1979-05-27T07:32:00Z"},
		reflect.Slice:   {`"hunter2hunter2"`, "1"},
	}
	tried := 0
	eachKey(func(section, key string, kind reflect.Type) {
		for _, value := range wrong[kind.Kind()] {
			for _, text := range []string{
				"# first\n[%s]\n%s = %s\n", "\n\n%s.%s = %s # behind\n", "#\n\n%s = {%s = %s}\n",
			} {
				file := write(t, fmt.Sprintf(text, section, key, value))
				_, _, err := Load(file, nil)
				if err == nil || !errors.Is(err, ErrConfig) {
					t.Errorf("%s.%s = %s is taken: %v", section, key, value, err)
					continue
				}

				for _, want := range []string{file, section + "." + key + " (line 3)"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%s.%s = %s: %v, without %s", section, key, value, err, want)
					}
				}

				if strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "strconv") || strings.Contains(err.Error(), "struct") {
					t.Errorf("%s.%s = %s: %v", section, key, value, err)
				}
				tried++
			}
		}

		for _, text := range []string{"[%s]\n%[2]s = %[3]s\n\n%[2]s = %[3]s\n", "%[1]s.%[2]s = %[3]s\n%[1]s.%[2]s = %[3]s\n"} {
			value, err := literal(reflect.Zero(kind))
			if err != nil {
				value = "26"
			}
			_, _, err = Load(write(t, fmt.Sprintf(text, section, key, value)), nil)
			if err == nil || !strings.Contains(err.Error(), section+"."+key+" is given twice, in lines") {
				t.Errorf("%s.%s twice: %v", section, key, err)
			}
		}
	})
	if tried < 100 {
		t.Errorf("only %d values were tried", tried)
	}

	for text, want := range map[string]string{
		"[server]\nlisten = \"a\"\n\n[server]\ntoken = \"b\"\n":                   "[server] stands twice, in lines 1 and 4",
		"[[solana.fallback]]\nrpc_url = \"a\"\nrpc_url = \"b\"\n":                 "solana.fallback.rpc_url is given twice, in lines 2 and 3",
		"[[solana.fallback]]\nrpc_url = 1\n":                                      "solana.fallback.rpc_url (line 2): write a text",
		"[solana]\nfallback = [{rpc_url = 1}]\n":                                  "solana.fallback (line 2): write a list",
		"server = 1\n":                                                            "server (line 1) is a section",
		"[[server]]\nlisten = \"a\"\n":                                            "server (line 1) is one section: write [server]",
		"[websocket.cors]\nenabled = 3\n":                                         "websocket.cors.enabled (line 2): write true or false",
		"[unheard]\n":                                                             "unknown key unheard (line 1)",
		"[solana]\nclutser = \"demo\"\n":                                          "did you mean solana.cluster?",
		"[solana]\nfallback = [{rpc_url = \"a\"}]\n[[solana.fallback]]\nws_url=1": "solana.fallback",
	} {
		if _, _, err := Load(write(t, text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, without %q", text, err, want)
		}
	}
}

// A value that is of the right type and makes no sense is found where it stands, too.
func TestLocate(t *testing.T) {
	file := write(t, "[store]\n\nretention_days = -1\n")
	cfg, origin, err := Load(file, nil)
	if err != nil {
		t.Fatal(err)
	}

	if err := origin.Locate(cfg.Validate()); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), file+": line 3: store.retention_days = -1") {
		t.Errorf("%v", err)
	}

	cfg, origin, err = Load(file, []string{"SPINSCOPE_STORE_RETENTION_DAYS=-2"})
	if err != nil {
		t.Fatal(err)
	}
	if err := origin.Locate(cfg.Validate()); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), "SPINSCOPE_STORE_RETENTION_DAYS: store.retention_days = -2") {
		t.Errorf("%v", err)
	}

	if err := origin.Locate(os.ErrExist); !errors.Is(err, os.ErrExist) {
		t.Errorf("another error: %v", err)
	}
}

// A misspelt variable is never taken without a word: it is refused with the name that was meant, or noted.
func TestMisspeltVariables(t *testing.T) {
	file := write(t, "")
	eachKey(func(section, key string, _ reflect.Type) {
		name := variable(section + "." + key)
		for at := len(prefix); at < len(name); at++ {
			for _, wrong := range []string{
				name[:at] + name[at+1:], name[:at] + "X" + name[at:], name[:at] + "X" + name[at+1:], name[:at] + name[at+1:] + name[at:at+1],
			} {
				if wrong == name {
					continue
				}
				_, origin, err := Load(file, []string{wrong + "=1"})
				if err == nil && len(origin.Strange) == 0 {
					t.Errorf("%s is taken without a word", wrong)
				}
			}
		}

		if _, _, err := Load(file, []string{name + "X=1"}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%sX: %v", name, err)
		}
	})

	for name, want := range map[string]string{
		"SPINSCOPE_SOLNA_RPC_URL": "SPINSCOPE_SOLANA_RPC_URL", "SPINSCOPE_RPC_URL": "SPINSCOPE_SOLANA_RPC_URL",
		"SPINSCOPE_LISTEN": "SPINSCOPE_SERVER_LISTEN", "SPINSCOPE_DATADIR": DataDirVariable, "SPINSCOPE_SREVER_TOKEN": "SPINSCOPE_SERVER_TOKEN",
		"SPINSCOPE_SERVER_NOTHINGLIKEIT": "unknown key server.nothinglikeit",
	} {
		if _, _, err := Load(file, []string{name + "=1"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, without %s", name, err, want)
		}
	}

	_, origin, err := Load(file, []string{"SPINSCOPE_HOMEWORK=1", "SPINSCOPE_TOKEN=1", "SPINSCOPE_URL=1", DataDirVariable + "=/x", "PATH=/bin"})
	if err != nil || strings.Join(origin.Strange, " ") != "SPINSCOPE_HOMEWORK" {
		t.Errorf("%v %v", origin.Strange, err)
	}
}

func TestByteOrderMark(t *testing.T) {
	cfg, _, err := Load(write(t, "\ufeff[server]\nlisten = \"127.0.0.1:7000\"\n"), nil)
	if err != nil || cfg.Server.Listen != "127.0.0.1:7000" {
		t.Errorf("%v %q", err, cfg.Server.Listen)
	}
	if _, _, err := Load(write(t, "\xff\xfe[\x00"), nil); err == nil || !strings.Contains(err.Error(), "UTF-8") {
		t.Errorf("UTF-16: %v", err)
	}
}
