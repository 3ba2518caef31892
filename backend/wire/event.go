package wire

import (
	"strconv"
	"time"

	"spinscope/backend/market"
)

// Event is one event on the wire: the layout's fields flat, with event_type, signature, slot, ordinal and timestamp,
// price_exact where the kind has a price, seq where Seq is set and provisional where the block time is an estimate.
// The seven shapes are TokenCreatedEvent … MilestoneDiscountEvent.
type Event struct {
	event *market.Event
	Seq   market.Seq // the commit it came with; 0 leaves seq out
}

// NewEvent is e on the wire. The event is kept, not copied, and must not change.
func NewEvent(e *market.Event) Event { return Event{event: e} }

// Source is the event behind it; nil for the zero Event.
func (e Event) Source() *market.Event { return e.event }

// MarshalJSON implements json.Marshaler.
func (e Event) MarshalJSON() ([]byte, error) { return e.AppendJSON(make([]byte, 0, 1024)), nil }

// AppendJSON appends the event as a JSON object; the zero Event is null.
func (e Event) AppendJSON(dst []byte) []byte {
	if e.event == nil || e.event.Body == nil {
		return append(dst, "null"...)
	}
	w := object{append(dst, '{')}
	w.text("event_type", e.event.Kind().String())
	w.dst = append(w.key("signature"), '"')
	w.dst, _ = e.event.Signature.AppendText(w.dst)
	w.dst = append(w.dst, '"')
	w.dst = strconv.AppendUint(w.key("slot"), uint64(e.event.Slot), 10)
	w.dst = strconv.AppendUint(w.key("ordinal"), uint64(e.event.Ordinal), 10)
	w.dst = append(w.key("timestamp"), '"')
	w.dst = AppendTime(w.dst, e.event.BlockTime)
	w.dst = append(w.dst, '"')
	w.body(e.event.Body)
	if !e.event.Price.IsZero() {
		w.dst = append(w.key("price_exact"), '"')
		w.dst = market.U128(e.event.Price).AppendFixed(w.dst, market.PriceDecimals)
		w.dst = append(w.dst, '"')
	}
	if e.event.Provisional {
		w.flag("provisional", true)
	}
	if e.Seq != 0 {
		w.dst = strconv.AppendUint(w.key("seq"), uint64(e.Seq), 10)
	}
	return append(w.dst, '}')
}

// AppendTime appends Unix seconds as ISO-8601 in UTC, such as 2025-08-14T09:30:00Z.
func AppendTime(dst []byte, seconds int64) []byte {
	return time.Unix(seconds, 0).UTC().AppendFormat(dst, "2006-01-02T15:04:05Z")
}

// object writes the members of one JSON object; it must hold '{' or a finished member.
type object struct{ dst []byte }

func (w *object) key(name string) []byte {
	if w.dst[len(w.dst)-1] != '{' {
		w.dst = append(w.dst, ',')
	}
	w.dst = append(w.dst, '"')
	w.dst = append(w.dst, name...)
	return append(w.dst, '"', ':')
}

func (w *object) pub(name string, value market.Pubkey) { w.dst = appendKey(w.key(name), value) }
func (w *object) u64(name string, value uint64)        { w.dst = Amount(value).AppendJSON(w.key(name)) }
func (w *object) u128(name string, value market.U128)  { w.dst = appendU128(w.key(name), value) }
func (w *object) flag(name string, value bool)         { w.dst = strconv.AppendBool(w.key(name), value) }
func (w *object) text(name, value string)              { w.dst = AppendString(w.key(name), value) }

func (w *object) body(body market.Body) {
	switch b := body.(type) {
	case *market.TokenCreated:
		w.tokenCreated(b)
	case *market.BuySell:
		w.pub("payer", b.Payer)
		w.pub("mint_account", b.Mint)
		w.flag("is_buy", b.IsBuy)
		w.u64("token_amount", b.TokenAmount)
		w.u64("sol_amount", b.SolAmount)
		w.u128("latest_price", b.LatestPrice)
	case *market.LongShort:
		w.pub("payer", b.Payer)
		w.pub("mint_account", b.Mint)
		w.pub("order_pda", b.Order)
		w.u128("latest_price", b.LatestPrice)
		w.terms(&b.Terms, false)
	case *market.FullClose:
		w.close(&b.Close)
	case *market.PartialClose:
		w.close(&b.Close)
		w.terms(&b.Terms, b.Long)
	case *market.ForceLiquidate:
		w.pub("payer", b.Payer)
		w.pub("mint_account", b.Mint)
		w.pub("order_pda", b.Order)
	case *market.MilestoneDiscount:
		w.pub("payer", b.Payer)
		w.pub("mint_account", b.Mint)
		w.pub("curve_account", b.Curve)
		w.fees(b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
	}
}

func (w *object) tokenCreated(b *market.TokenCreated) {
	w.pub("payer", b.Payer)
	w.pub("mint_account", b.Mint)
	w.pub("curve_account", b.Curve)
	if !b.Early {
		w.pub("pool_token_account", b.PoolToken)
		w.pub("pool_sol_account", b.PoolSol)
		w.pub("fee_recipient", b.FeeRecipient)
		w.pub("base_fee_recipient", b.BaseFeeRecipient)
		w.pub("params_account", b.Params)
		w.fees(b.SwapFee, b.BorrowFee, b.FeeDiscountFlag)
	}
	w.text("name", b.Name)
	w.text("symbol", b.Symbol)
	w.text("uri", b.URI)
}

func (w *object) fees(swap, borrow uint16, flag uint8) {
	w.u64("swap_fee", uint64(swap))
	w.u64("borrow_fee", uint64(borrow))
	w.u64("fee_discount_flag", uint64(flag))
}

func (w *object) close(b *market.Close) {
	w.pub("payer", b.Payer)
	w.pub("user_sol_account", b.UserSolAccount)
	w.pub("mint_account", b.Mint)
	w.flag("is_close_long", b.IsCloseLong)
	w.u64("final_token_amount", b.FinalTokenAmount)
	w.u64("final_sol_amount", b.FinalSolAmount)
	w.u64("user_close_profit", b.UserCloseProfit)
	w.u128("latest_price", b.LatestPrice)
	w.pub("order_pda", b.Order)
}

// terms writes a margin order's terms; long adds the two amounts that only the 340-byte PartialClose has.
func (w *object) terms(t *market.Terms, long bool) {
	w.u64("order_type", uint64(t.OrderType))
	w.pub("mint", t.Mint)
	w.pub("user", t.User)
	w.u128("lock_lp_start_price", t.LockLpStartPrice)
	w.u128("lock_lp_end_price", t.LockLpEndPrice)
	w.u64("lock_lp_sol_amount", t.LockLpSolAmount)
	w.u64("lock_lp_token_amount", t.LockLpTokenAmount)
	w.u64("start_time", uint64(t.StartTime))
	w.u64("end_time", uint64(t.EndTime))
	if long {
		w.u64("margin_init_sol_amount", t.MarginInitSolAmount)
	}
	w.u64("margin_sol_amount", t.MarginSolAmount)
	w.u64("borrow_amount", t.BorrowAmount)
	w.u64("position_asset_amount", t.PositionAssetAmount)
	w.u64("borrow_fee", uint64(t.BorrowFee))
	if long {
		w.u64("realized_sol_amount", t.RealizedSolAmount)
	}
}
