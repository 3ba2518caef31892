package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"spinscope/backend/wire"
)

// firstSecond is the least number that is taken for Unix seconds, but for 0: in 2001, before any chain. What is below is a
// date that was written without its dashes, or not to its end.
const firstSecond = 1_000_000_000

// parseTime reads a time as people write it; empty text gives otherwise. A day, a month or a year stands for its first second.
func parseTime(flag, text string, now time.Time, otherwise int64) (int64, error) {
	from, _, err := parseSpan(flag, text, now, otherwise)
	return from, err
}

// parseEnd is parseTime for an inclusive end: a day, a month or a year stands for its last second.
func parseEnd(flag, text string, now time.Time, otherwise int64) (int64, error) {
	_, to, err := parseSpan(flag, text, now, otherwise)
	return to, err
}

// parseSpan reads a time, and the first and last second of a day, a month or a year, all UTC.
func parseSpan(flag, text string, now time.Time, otherwise int64) (from, to int64, err error) {
	if text == "" {
		return otherwise, otherwise, nil
	}
	if year, err := time.Parse("2006", text); err == nil {
		return year.Unix(), year.AddDate(1, 0, 0).Unix() - 1, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		switch {
		case wire.Milliseconds(seconds):
			return 0, 0, fmt.Errorf("%s %s looks like milliseconds: write Unix seconds, such as %d", flag, text, seconds/1000)
		case seconds != 0 && seconds < firstSecond:
			return 0, 0, fmt.Errorf("%s %s would be Unix seconds, %s: write a date as 2026, 2026-11 or 2026-11-01",
				flag, text, time.Unix(seconds, 0).UTC().Format(time.DateOnly))
		}
		return seconds, seconds, nil
	}

	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Unix(), day.AddDate(0, 0, 1).Unix() - 1, nil
	}
	if month, err := time.Parse("2006-01", text); err == nil {
		return month.Unix(), month.AddDate(0, 1, 0).Unix() - 1, nil
	}

	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.Unix(), at.Unix(), nil
		}
	}

	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseFloat(days, 64); err == nil && n >= 0 && n < 1e5 {
			at := now.Add(-time.Duration(n * 24 * float64(time.Hour))).Unix()
			return at, at, nil
		}
	}

	if age, err := time.ParseDuration(text); err == nil && age >= 0 {
		at := now.Add(-age).Unix()
		return at, at, nil
	}
	return 0, 0, fmt.Errorf("%s %q: write a year such as 2026, a month such as 2026-11, a day such as 2026-11-01, a time such as 2026-11-01T12:00:00Z (UTC), Unix seconds, or an age such as 7d or 36h", flag, text)
}
