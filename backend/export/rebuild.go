package export

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"spinscope/backend/market"
)

// latest is the first block time that no chain has.
const latest = 1 << 40

// event is the event that the row was written from.
func (r *row) event() (market.Event, error) {
	f := fields{row: r}
	kind, ok := r.get("event_type")
	if !ok {
		return market.Event{}, fmt.Errorf("no event_type: %w", ErrNotEvents)
	}
	e := market.Event{
		Position: market.Position{
			Slot: market.Slot(f.number("slot", 64)), Index: uint32(f.number("index", 32)), Ordinal: uint16(f.number("ordinal", 16)), //nolint:gosec // checked
		},
		Signature: f.signature("signature"), BlockTime: int64(f.number("block_time", 63)), //nolint:gosec // checked
	}
	if _, ok := r.get("provisional"); ok {
		e.Provisional = f.flag("provisional")
	}
	if _, ok := r.get("price_decimals"); ok {
		e.Scale = uint8(f.number("price_decimals", 8)) //nolint:gosec // checked
	}
	e.Body = f.body(kind)
	switch {
	case f.err != nil:
		return e, f.err
	case e.Body == nil:
		return e, fmt.Errorf("event_type %.40q is none of the program's", kind)
	case e.BlockTime <= 0 || e.BlockTime >= latest:
		return e, fmt.Errorf("block_time %d is no time of the chain", e.BlockTime)
	case e.Scale > market.PriceDecimals:
		return e, fmt.Errorf("price_decimals %d is above %d", e.Scale, market.PriceDecimals)
	}
	return e, nil
}

// fields reads a row's cells; the first failure stays.
type fields struct {
	row *row
	err error
}

func (f *fields) fail(name string, err error) {
	if f.err == nil {
		f.err = fmt.Errorf("%s: %w", name, err)
	}
}

var errMissing = errors.New("missing")

func (f *fields) need(name string) string {
	text, ok := f.row.get(name)
	if !ok {
		f.fail(name, errMissing)
	}
	return text
}

func (f *fields) number(name string, bits int) uint64 {
	text, ok := f.row.get(name)
	if !ok {
		f.fail(name, errMissing)
		return 0
	}
	value, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		f.fail(name, fmt.Errorf("%.40q is no whole number of %d bits", text, bits))
	}
	return value
}

func (f *fields) u128(name string) market.U128 {
	text, ok := f.row.get(name)
	if !ok {
		f.fail(name, errMissing)
		return market.U128{}
	}
	value, err := market.ParseU128(text)
	if err != nil {
		f.fail(name, fmt.Errorf("%.50q: %w", text, err))
	}
	return value
}

func (f *fields) flag(name string) bool {
	text := f.need(name)
	if text != "true" && text != "false" && f.err == nil {
		f.fail(name, fmt.Errorf("%.40q is neither true nor false", text))
	}
	return text == "true"
}

func (f *fields) key(name string) market.Pubkey {
	text, ok := f.row.get(name)
	if !ok {
		f.fail(name, errMissing)
		return market.Pubkey{}
	}
	key, err := market.ParsePubkey(text)
	if err != nil {
		f.fail(name, err)
	}
	return key
}

func (f *fields) signature(name string) market.Signature {
	text, ok := f.row.get(name)
	if !ok {
		f.fail(name, errMissing)
		return market.Signature{}
	}
	signature, err := market.ParseSignature(text)
	if err != nil {
		f.fail(name, err)
	}
	return signature
}

// text may be missing: CSV does not tell an empty text from none.
func (f *fields) text(name string) string {
	text, _ := f.row.get(name)
	if !utf8.ValidString(text) {
		f.fail(name, errors.New("not UTF-8"))
	}
	return text
}

// body reads what an event of the kind holds; nil for an unknown kind.
func (f *fields) body(kind string) market.Body {
	switch kind {
	case market.KindTokenCreated.String():
		return f.tokenCreated()
	case market.KindBuySell.String():
		return &market.BuySell{
			Payer: f.key("payer"), Mint: f.key("mint_account"), IsBuy: f.flag("is_buy"), TokenAmount: f.number("token_amount", 64),
			SolAmount: f.number("sol_amount", 64), LatestPrice: f.u128("latest_price"),
		}
	case market.KindLongShort.String():
		return &market.LongShort{
			Payer: f.key("payer"), Mint: f.key("mint_account"), Order: f.key("order_pda"), LatestPrice: f.u128("latest_price"),
			Terms: f.terms(false),
		}
	case market.KindForceLiquidate.String():
		return &market.ForceLiquidate{Payer: f.key("payer"), Mint: f.key("mint_account"), Order: f.key("order_pda")}
	case market.KindFullClose.String():
		return &market.FullClose{Close: f.close()}
	case market.KindPartialClose.String():
		_, long := f.row.get("margin_init_sol_amount")
		return &market.PartialClose{Close: f.close(), Terms: f.terms(long), Long: long}
	case market.KindMilestoneDiscount.String():
		return &market.MilestoneDiscount{
			Payer: f.key("payer"), Mint: f.key("mint_account"), Curve: f.key("curve_account"),
			SwapFee: f.small("swap_fee"), BorrowFee: f.small("borrow_fee"), FeeDiscountFlag: f.tiny("fee_discount_flag"),
		}
	}
	return nil
}

func (f *fields) small(name string) uint16 { return uint16(f.number(name, 16)) } //nolint:gosec // checked
func (f *fields) tiny(name string) uint8   { return uint8(f.number(name, 8)) }   //nolint:gosec // checked

func (f *fields) tokenCreated() market.Body {
	b := &market.TokenCreated{
		Payer: f.key("payer"), Mint: f.key("mint_account"), Curve: f.key("curve_account"),
		Name: f.text("name"), Symbol: f.text("symbol"), URI: f.text("uri"),
	}
	if _, whole := f.row.get("pool_token_account"); !whole {
		b.Early = true // the six-field layout
		return b
	}
	b.PoolToken, b.PoolSol = f.key("pool_token_account"), f.key("pool_sol_account")
	b.FeeRecipient, b.BaseFeeRecipient, b.Params = f.key("fee_recipient"), f.key("base_fee_recipient"), f.key("params_account")
	b.SwapFee, b.BorrowFee, b.FeeDiscountFlag = f.small("swap_fee"), f.small("borrow_fee"), f.tiny("fee_discount_flag")
	return b
}

func (f *fields) close() market.Close {
	return market.Close{
		Payer: f.key("payer"), UserSolAccount: f.key("user_sol_account"), Mint: f.key("mint_account"),
		IsCloseLong: f.flag("is_close_long"), FinalTokenAmount: f.number("final_token_amount", 64),
		FinalSolAmount: f.number("final_sol_amount", 64), UserCloseProfit: f.number("user_close_profit", 64),
		LatestPrice: f.u128("latest_price"), Order: f.key("order_pda"),
	}
}

// terms reads an order's terms; long ones have two amounts more.
func (f *fields) terms(long bool) market.Terms {
	t := market.Terms{
		OrderType: f.tiny("order_type"), Mint: f.key("mint"), User: f.key("user"),
		LockLpStartPrice: f.u128("lock_lp_start_price"), LockLpEndPrice: f.u128("lock_lp_end_price"),
		LockLpSolAmount: f.number("lock_lp_sol_amount", 64), LockLpTokenAmount: f.number("lock_lp_token_amount", 64),
		StartTime: uint32(f.number("start_time", 32)), EndTime: uint32(f.number("end_time", 32)), //nolint:gosec // checked
		MarginSolAmount: f.number("margin_sol_amount", 64), BorrowAmount: f.number("borrow_amount", 64),
		PositionAssetAmount: f.number("position_asset_amount", 64), BorrowFee: f.small("borrow_fee"),
	}
	if long {
		t.MarginInitSolAmount, t.RealizedSolAmount = f.number("margin_init_sol_amount", 64), f.number("realized_sol_amount", 64)
	}
	if t.OrderType != market.OrderLong && t.OrderType != market.OrderShort {
		f.fail("order_type", fmt.Errorf("%d is neither 1 (long) nor 2 (short)", t.OrderType))
	}
	return t
}
