package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"spinscope/backend/proxy"
)

// ErrConfig is returned for a file, an environment variable or a value that cannot be used; the text names it.
var ErrConfig = errors.New("configuration")

// DefaultFile is the file read when none is named; it need not exist.
func DefaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "spinscope", "config.toml")
}

// Origin says where the values of a configuration come from.
type Origin struct {
	File    string            // read, or to be written; empty when the system names no place for it
	Found   bool              // the file exists
	Fixed   map[string]string // keys that the file cannot change, with the environment variable or flag that sets them
	Strange []string          // environment variables that look like ours and set nothing, each with what was perhaps meant
	lines   map[string]int    // where the file has its keys
}

// Locate adds to an error of Validate where the value comes from: the environment variable or flag, or file and line.
func (o *Origin) Locate(err error) error {
	var wrong *KeyError
	if !errors.As(err, &wrong) {
		return err
	}
	if source := o.Fixed[wrong.Key]; source != "" {
		return fmt.Errorf("%w: %s: %w", ErrConfig, source, wrong)
	}
	if line := o.lines[wrong.Key]; line > 0 {
		return fmt.Errorf("%w: %s: line %d: %w", ErrConfig, o.File, line, wrong)
	}
	return err
}

// Load reads the file and then the environment over the defaults. An empty file name means DefaultFile, which may be
// absent; a named file must exist. environ is as from os.Environ. The result is not validated yet.
func Load(file string, environ []string) (Config, Origin, error) {
	named := file != ""
	if !named {
		file = DefaultFile()
	}
	read, err := ReadFile(file)
	if err != nil {
		return Config{}, Origin{}, err
	}
	if named && !read.Found {
		return Config{}, Origin{}, fmt.Errorf("%w: read file: open %s: %w", ErrConfig, file, fs.ErrNotExist)
	}

	cfg, origin := read.Config, Origin{File: file, Found: read.Found, Fixed: map[string]string{}, lines: lines(read.text)}
	if err := fromEnvironment(&cfg, environ, &origin); err != nil {
		return Config{}, Origin{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := proxy.Check(environ); err != nil {
		return Config{}, Origin{}, fmt.Errorf("%w: %w", ErrConfig, err)
	}

	return cfg, origin, nil
}

func parse(text []byte, cfg *Config) error {
	decoder := toml.NewDecoder(strings.NewReader(string(text))).DisallowUnknownFields()
	if err := decoder.Decode(cfg); err != nil {
		return explain(text, err)
	}
	if cfg.Websocket.CORS != nil {
		var top struct {
			CORS map[string]any `toml:"cors"`
		}
		if err := toml.Unmarshal(text, &top); err == nil && top.CORS != nil {
			return errors.New("[cors] and [websocket.cors] are the same section: keep one of them")
		}
		cfg.CORS = *cfg.Websocket.CORS
		cfg.Websocket.CORS = nil
	}
	return nil
}

const prefix = "SPINSCOPE_"

// DataDirVariable says where the market is stored, as --data-dir does.
const DataDirVariable = prefix + "DATA_DIR"

// others are variables with the prefix that are no settings: of --data-dir, and those that scripts beside the program use.
var others = []string{DataDirVariable, prefix + "TOKEN", prefix + "URL"}

// fromEnvironment applies SPINSCOPE_SECTION_KEY variables; lists are comma-separated. A variable of a known section with
// an unknown key is an error, and so is one that is nearly the name of a setting. Any other name with the prefix may
// belong to another tool: it is noted in the origin, as the keys are that were set.
func fromEnvironment(cfg *Config, environ []string, origin *Origin) error {
	names := slices.Clone(others)
	for _, key := range keyNames() {
		if strings.Contains(key, ".") {
			names = append(names, variable(key))
		}
	}

	for _, entry := range environ {
		name, value, ok := strings.Cut(entry, "=")
		if !ok || !strings.HasPrefix(name, prefix) || slices.Contains(others, name) {
			continue
		}

		section, key, _ := strings.Cut(strings.ToLower(strings.TrimPrefix(name, prefix)), "_")
		fields, known := field(reflect.ValueOf(cfg).Elem(), section)
		if known && key != "" {
			if target, found := field(fields, key); found {
				if err := set(target, value); err != nil {
					return fmt.Errorf("environment variable %s: %w", name, err)
				}
				origin.Fixed[section+"."+key] = name
				continue
			}
		}

		near := nearest(strings.TrimPrefix(name, prefix), trimmed(names))
		switch {
		case known && key != "" && near == "":
			return fmt.Errorf("environment variable %s: unknown key %s.%s: see docs/configuration.md for the keys there are", name, section, key)
		case near != "":
			return fmt.Errorf("environment variable %s is no setting: did you mean %s?", name, prefix+near)
		default:
			origin.Strange = append(origin.Strange, name)
		}
	}

	return nil
}

// variable is the environment variable that sets a key.
func variable(key string) string { return prefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_")) }

// trimmed is the names without the prefix, which would make all of them alike.
func trimmed(names []string) []string {
	short := make([]string, len(names))
	for i, name := range names {
		short[i] = strings.TrimPrefix(name, prefix)
	}
	return short
}

func field(parent reflect.Value, name string) (reflect.Value, bool) {
	kind := parent.Type()
	for i := range kind.NumField() {
		if kind.Field(i).Tag.Get("toml") == name {
			return parent.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func set(target reflect.Value, text string) error {
	switch target.Kind() {
	case reflect.String:
		target.SetString(text)
	case reflect.Interface:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			target.Set(reflect.ValueOf(n))
		} else {
			target.Set(reflect.ValueOf(text))
		}
	case reflect.Bool:
		value, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		target.SetBool(value)
	case reflect.Int, reflect.Int64:
		value, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		target.SetInt(value)
	case reflect.Float64:
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%q is not a number", text)
		}
		target.SetFloat(value)
	case reflect.Slice:
		if target.Type().Elem().Kind() != reflect.String {
			return errors.New("cannot be set from the environment: use the file")
		}
		items := []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		target.Set(reflect.ValueOf(items))
	default:
		return errors.New("cannot be set from the environment: use the file")
	}

	return nil
}
