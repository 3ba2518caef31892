package wire

import (
	"strconv"

	"spinscope/backend/market"
)

// What is pushed to many clients is written here by hand: the bytes that encoding/json would write, without reflection
// and without an allocation beyond growing dst.

// AppendJSON appends the answer.
func (h *HistoryData) AppendJSON(dst []byte) []byte {
	dst = appendQuoted(dst, `{"symbol":`, h.Symbol)
	dst = appendQuoted(dst, `,"interval":`, h.Interval)
	dst = AppendCandles(append(dst, `,"data":`...), h.Data)
	dst = strconv.AppendBool(append(dst, `,"has_more":`...), h.HasMore)
	dst = appendInt(dst, `,"total_count":`, int64(h.TotalCount))
	dst = appendUint(dst, `,"seq":`, h.Seq)
	if h.Store != "" {
		dst = appendQuoted(dst, `,"store":`, h.Store)
	}
	return append(dst, '}')
}

// AppendJSON appends the push.
func (k *KlineData) AppendJSON(dst []byte) []byte {
	dst = appendQuoted(dst, `{"symbol":`, k.Symbol)
	dst = appendQuoted(dst, `,"interval":`, k.Interval)
	dst = k.Data.AppendJSON(append(dst, `,"subscription_id":null,"data":`...))
	dst = appendInt(dst, `,"timestamp":`, k.Timestamp)
	dst = appendUint(dst, `,"seq":`, k.Seq)
	dst = appendUint(dst, `,"slot":`, k.Slot)
	return k.Stamps.appendEnd(dst)
}

// AppendPriceUpdate appends the price_update that a price event stands for. symbol is its mint.
func AppendPriceUpdate(dst []byte, symbol string, e *market.Event, buy bool, seq market.Seq, stamps Stamps) []byte {
	dst = appendQuoted(dst, `{"symbol":`, symbol)
	dst = AppendFloat(append(dst, `,"price":`...), e.Price.Float())
	dst = append(dst, `,"price_exact":"`...)
	dst = market.U128(e.Price).AppendFixed(dst, market.PriceDecimals)
	dst = appendInt(append(dst, '"'), `,"timestamp":`, e.BlockTime)
	dst = appendQuoted(dst, `,"side":`, Side(buy))
	dst = appendUint(dst, `,"slot":`, uint64(e.Slot))
	dst = appendSignature(dst, e.Signature)
	dst = appendUint(dst, `,"seq":`, uint64(seq))
	return stamps.appendEnd(dst)
}

// AppendEventData appends the event_data of an event. symbol is its mint.
func AppendEventData(dst []byte, symbol string, e *market.Event, seq market.Seq, stamps Stamps) []byte {
	dst = appendQuoted(dst, `{"symbol":`, symbol)
	dst = appendQuoted(dst, `,"event_type":`, e.Kind().String())
	dst = NewEvent(e).AppendJSON(append(dst, `,"event_data":`...))
	dst = appendInt(dst, `,"timestamp":`, e.BlockTime*1000)
	dst = appendSignature(dst, e.Signature)
	dst = appendUint(dst, `,"ordinal":`, uint64(e.Ordinal))
	dst = appendUint(dst, `,"slot":`, uint64(e.Slot))
	dst = appendUint(dst, `,"seq":`, uint64(seq))
	return stamps.appendEnd(dst)
}

// AppendTokenCreated appends the token_created of a TokenCreated event: the event, flat, with seq and stamps.
func AppendTokenCreated(dst []byte, e *market.Event, seq market.Seq, stamps Stamps) []byte {
	dst = NewEvent(e).AppendJSON(dst)
	dst = appendUint(dst[:len(dst)-1], `,"seq":`, uint64(seq))
	return stamps.appendEnd(dst)
}

func (s *Stamps) appendEnd(dst []byte) []byte {
	dst = appendInt(dst, `,"block_time":`, s.BlockTime)
	dst = appendInt(dst, `,"received_at":`, s.ReceivedAt)
	dst = appendInt(dst, `,"published_at":`, s.PublishedAt)
	return append(dst, '}')
}

// appendQuoted appends a text that needs no escapes: addresses and names of our own.
func appendQuoted(dst []byte, key, text string) []byte {
	dst = append(append(dst, key...), '"')
	return append(append(dst, text...), '"')
}

func appendInt(dst []byte, key string, value int64) []byte {
	return strconv.AppendInt(append(dst, key...), value, 10)
}

func appendUint(dst []byte, key string, value uint64) []byte {
	return strconv.AppendUint(append(dst, key...), value, 10)
}

func appendSignature(dst []byte, signature market.Signature) []byte {
	dst, _ = signature.AppendText(append(dst, `,"signature":"`...))
	return append(dst, '"')
}
