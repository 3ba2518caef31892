// Package config is the program's configuration: defaults, the TOML file, the environment, and their validation; and for
// a settings dialog, a Form of masked values and the Staged that takes the file's place.
//
// Precedence: flag > environment (SPINSCOPE_SECTION_KEY) > file > default; flags are applied by package cli. Origin says
// which values the file cannot change. Every error names the key and the way out.
//
// A Config is a plain value, safe to copy, never changed after Validate. Nothing here keeps state. One Staged of a file at
// a time: two would write the same temporary file.
//
// Secrets: no error and no Form holds more of an address, a token or a webhook than mask.go leaves.
package config
