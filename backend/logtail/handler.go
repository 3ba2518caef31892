package logtail

import (
	"context"
	"encoding"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Handler is a slog.Handler that keeps each record and hands it to next. It is enabled for what next is enabled for.
func (t *Tail) Handler(next slog.Handler) slog.Handler {
	return &handler{tail: t, next: next}
}

type handler struct {
	tail   *Tail
	next   slog.Handler
	prefix string // of open groups, each with a dot behind it
	attrs  []Attr // of With
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	kept := Record{Time: r.Time, Level: r.Level, Message: cut(h.tail.Veil(r.Message), maxBytes)}
	if kept.Time.IsZero() {
		kept.Time = time.Now()
	}
	kept.Attrs = append(make([]Attr, 0, min(maxAttrs, len(h.attrs)+r.NumAttrs())), h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		kept.Attrs = h.tail.flatten(kept.Attrs, h.prefix, a, 0)
		return len(kept.Attrs) < maxAttrs
	})
	h.tail.add(kept)
	return h.next.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	with := *h
	with.next = h.next.WithAttrs(attrs)
	with.attrs = append([]Attr(nil), h.attrs...)
	for _, a := range attrs {
		with.attrs = h.tail.flatten(with.attrs, h.prefix, a, 0)
	}
	return &with
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.next = h.next.WithGroup(name)
	with.prefix += name + "."
	return &with
}

const maxDepth = 8 // of groups in groups

// flatten appends a and, for a group, what is in it.
func (t *Tail) flatten(to []Attr, prefix string, a slog.Attr, depth int) []Attr {
	value := resolved(a.Value)
	if value.Kind() == slog.KindGroup && depth < maxDepth {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range value.Group() {
			to = t.flatten(to, prefix, inner, depth+1)
		}
		return to
	}
	if a.Key == "" || len(to) >= maxAttrs {
		return to
	}
	return append(to, Attr{Key: cut(prefix+a.Key, maxKey), Value: cut(t.Veil(text(value)), maxBytes)})
}

// resolved is v without a slog.LogValuer around it.
func resolved(v slog.Value) (out slog.Value) {
	defer func() {
		if cause := recover(); cause != nil {
			out = slog.StringValue("!PANIC")
		}
	}()
	return v.Resolve()
}

// text is v as the text log writes it. A value whose methods panic, as those of a nil pointer may, says so.
func text(v slog.Value) (out string) {
	defer func() {
		if cause := recover(); cause != nil {
			out = "!PANIC"
		}
	}()

	if v.Kind() == slog.KindTime {
		return v.Time().Format(time.RFC3339Nano)
	}
	if v.Kind() != slog.KindAny {
		return v.String()
	}

	switch value := v.Any().(type) {
	case error:
		return value.Error()
	case encoding.TextMarshaler:
		if marshalled, err := value.MarshalText(); err == nil {
			return string(marshalled)
		}
	}

	return fmt.Sprintf("%+v", v.Any())
}

// cut shortens s to at most limit bytes and makes it valid UTF-8.
func cut(s string, limit int) string {
	if len(s) > limit {
		s = s[:limit] + "…"
	}
	return strings.ToValidUTF8(s, "")
}
