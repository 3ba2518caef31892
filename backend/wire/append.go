package wire

import "strconv"

// AppendJSON implements Appender for the answer that clients read most.
func (k *Klines) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"klines":`...)
	dst = AppendCandles(dst, k.Klines)
	dst = k.appendJSON(dst)
	dst = append(dst, `,"interval":`...)
	dst = AppendString(dst, k.Interval)
	dst = append(dst, `,"mint_account":`...)
	dst = AppendString(dst, k.MintAccount)
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, k.Seq, 10)
	if k.Store != "" {
		dst = appendQuoted(dst, `,"store":`, k.Store)
	}
	return append(dst, '}')
}

// AppendJSON implements Appender.
func (e *Events) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"events":[`...)
	for i, event := range e.Events {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = event.AppendJSON(dst)
	}
	dst = append(dst, ']')
	dst = e.appendJSON(dst)
	if e.NextCursor != nil {
		dst = AppendString(append(dst, `,"next_cursor":`...), *e.NextCursor)
	}
	if e.Reached != nil {
		dst = strconv.AppendInt(append(dst, `,"reached":`...), *e.Reached, 10)
	}
	if e.Seq != nil {
		dst = strconv.AppendUint(append(dst, `,"seq":`...), *e.Seq, 10)
	}
	if e.Store != "" {
		dst = AppendString(append(dst, `,"store":`...), e.Store)
	}
	return append(dst, '}')
}

// appendJSON appends the paging's members, each with a leading comma.
func (p Paging) appendJSON(dst []byte) []byte {
	dst = append(dst, `,"total":`...)
	dst = strconv.AppendInt(dst, int64(p.Total), 10)
	dst = append(dst, `,"page":`...)
	dst = strconv.AppendInt(dst, int64(p.Page), 10)
	dst = append(dst, `,"limit":`...)
	dst = strconv.AppendInt(dst, int64(p.Limit), 10)
	dst = append(dst, `,"has_next":`...)
	dst = strconv.AppendBool(dst, p.HasNext)
	dst = append(dst, `,"has_prev":`...)
	return strconv.AppendBool(dst, p.HasPrev)
}
