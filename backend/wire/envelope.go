package wire

import "encoding/json"

// Envelope wraps every REST answer. On failure data is null and message says what was wrong.
type Envelope[T any] struct {
	Success bool   `json:"success"`
	Data    T      `json:"data"`
	Message string `json:"message"`
}

// Success is the message of every successful answer.
const Success = "Operation successful"

// Appender is a value that writes its own JSON without reflection.
type Appender interface{ AppendJSON(dst []byte) []byte }

// AppendEnvelope appends a successful envelope around data.
func AppendEnvelope(dst []byte, data Appender) []byte {
	dst = append(dst, `{"success":true,"data":`...)
	dst = data.AppendJSON(dst)
	return append(dst, `,"message":"`+Success+`"}`...)
}

// AppendFailure appends a failed envelope with message.
func AppendFailure(dst []byte, message string) []byte {
	dst = append(dst, `{"success":false,"data":null,"message":`...)
	dst = AppendString(dst, message)
	return append(dst, '}')
}

// Paging says where a page stands. Pages count from the ordered end, the first is 1.
type Paging struct {
	Total   int  `json:"total"`
	Page    int  `json:"page"`
	Limit   int  `json:"limit"`
	HasNext bool `json:"has_next"`
	HasPrev bool `json:"has_prev"`
}

// NewPaging is the paging of page (at least 1) with limit entries each, out of total.
func NewPaging(total, page, limit int) Paging {
	left := total
	if limit > 0 {
		left = total - min(total, Offset(page, limit))
	}
	return Paging{Total: total, Page: page, Limit: limit, HasNext: left > limit, HasPrev: page > 1}
}

// Offset is the number of entries before page; it saturates instead of overflowing.
func Offset(page, limit int) int {
	const maxOffset = 1 << 53
	if page <= 1 || limit <= 0 {
		return 0
	}
	if page-1 > maxOffset/limit {
		return maxOffset
	}
	return (page - 1) * limit
}

// Raw is JSON that is already encoded.
//
//ts:type unknown
type Raw = json.RawMessage
