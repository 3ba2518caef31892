package spinpet

import (
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/program"
)

// rebuild reads what an exported event of the kind holds; nil for an unknown kind.
func rebuild(kind market.Kind, row program.Row) market.Body {
	switch kind {
	case KindTokenCreated:
		return tokenCreated(row)
	case KindBuySell:
		return &BuySell{
			Payer: row.Key("payer"), Mint: row.Key("mint_account"), IsBuy: row.Flag("is_buy"), TokenAmount: row.Number("token_amount", 64),
			SolAmount: row.Number("sol_amount", 64), LatestPrice: row.Big("latest_price"),
		}
	case KindLongShort:
		return &LongShort{
			Payer: row.Key("payer"), Mint: row.Key("mint_account"), Order: row.Key("order_pda"), LatestPrice: row.Big("latest_price"),
			Terms: terms(row, false),
		}
	case KindForceLiquidate:
		return &ForceLiquidate{Payer: row.Key("payer"), Mint: row.Key("mint_account"), Order: row.Key("order_pda")}
	case KindFullClose:
		return &FullClose{Close: closing(row)}
	case KindPartialClose:
		long := row.Any("margin_init_sol_amount", "realized_sol_amount")
		return &PartialClose{Close: closing(row), Terms: terms(row, long), Long: long}
	case KindMilestoneDiscount:
		return &MilestoneDiscount{
			Payer: row.Key("payer"), Mint: row.Key("mint_account"), Curve: row.Key("curve_account"),
			SwapFee: small(row, "swap_fee"), BorrowFee: small(row, "borrow_fee"), FeeDiscountFlag: tiny(row, "fee_discount_flag"),
		}
	}

	return nil
}

func small(row program.Row, name string) uint16 { return uint16(row.Number(name, 16)) } //nolint:gosec // checked
func tiny(row program.Row, name string) uint8   { return uint8(row.Number(name, 8)) }   //nolint:gosec // checked

func tokenCreated(row program.Row) market.Body {
	b := &TokenCreated{
		Payer: row.Key("payer"), Mint: row.Key("mint_account"), Curve: row.Key("curve_account"),
		Name: row.Text("name"), Symbol: row.Text("symbol"), URI: row.Text("uri"),
	}
	if b.Early = !row.Any("pool_token_account", "pool_sol_account", "fee_recipient", "base_fee_recipient", "params_account",
		"swap_fee", "borrow_fee", "fee_discount_flag"); b.Early {
		return b // the six-field layout
	}

	b.PoolToken, b.PoolSol = row.Key("pool_token_account"), row.Key("pool_sol_account")
	b.FeeRecipient, b.BaseFeeRecipient, b.Params = row.Key("fee_recipient"), row.Key("base_fee_recipient"), row.Key("params_account")
	b.SwapFee, b.BorrowFee, b.FeeDiscountFlag = small(row, "swap_fee"), small(row, "borrow_fee"), tiny(row, "fee_discount_flag")
	return b
}

func closing(row program.Row) Close {
	return Close{
		Payer: row.Key("payer"), UserSolAccount: row.Key("user_sol_account"), Mint: row.Key("mint_account"),
		IsCloseLong: row.Flag("is_close_long"), FinalTokenAmount: row.Number("final_token_amount", 64),
		FinalSolAmount: row.Number("final_sol_amount", 64), UserCloseProfit: row.Number("user_close_profit", 64),
		LatestPrice: row.Big("latest_price"), Order: row.Key("order_pda"),
	}
}

// terms reads an order's terms; long ones have two amounts more.
func terms(row program.Row, long bool) market.Terms {
	t := market.Terms{
		OrderType: tiny(row, "order_type"), Mint: row.Key("mint"), User: row.Key("user"),
		LockLpStartPrice: row.Big("lock_lp_start_price"), LockLpEndPrice: row.Big("lock_lp_end_price"),
		LockLpSolAmount: row.Number("lock_lp_sol_amount", 64), LockLpTokenAmount: row.Number("lock_lp_token_amount", 64),
		StartTime: uint32(row.Number("start_time", 32)), EndTime: uint32(row.Number("end_time", 32)), //nolint:gosec // checked
		MarginSolAmount: row.Number("margin_sol_amount", 64), BorrowAmount: row.Number("borrow_amount", 64),
		PositionAssetAmount: row.Number("position_asset_amount", 64), BorrowFee: small(row, "borrow_fee"),
	}
	if long {
		t.MarginInitSolAmount, t.RealizedSolAmount = row.Number("margin_init_sol_amount", 64), row.Number("realized_sol_amount", 64)
	}
	if t.OrderType != market.OrderLong && t.OrderType != market.OrderShort {
		row.Fail("order_type", fmt.Errorf("%d is neither 1 (long) nor 2 (short)", t.OrderType))
	}
	return t
}
