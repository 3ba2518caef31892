package spinpet

import "spinscope/backend/program"

// columns are every field that an event of any kind has; most are empty in any one row. The order is that of exports since
// the first, so that it stays.
var columns = []program.Column{
	{Name: "payer", Type: program.ColumnLabel},
	{Name: "mint_account", Type: program.ColumnLabel},
	{Name: "user", Type: program.ColumnLabel},
	{Name: "order_pda", Type: program.ColumnLabel},
	{Name: "latest_price", Type: program.ColumnRaw},
	{Name: "price_decimals", Type: program.ColumnInteger},
	{Name: "price_exact", Type: program.ColumnPrice},
	{Name: "is_buy", Type: program.ColumnFlag},
	{Name: "token_amount", Type: program.ColumnAmount},
	{Name: "sol_amount", Type: program.ColumnAmount},
	{Name: "is_close_long", Type: program.ColumnFlag},
	{Name: "user_sol_account", Type: program.ColumnLabel},
	{Name: "final_token_amount", Type: program.ColumnAmount},
	{Name: "final_sol_amount", Type: program.ColumnAmount},
	{Name: "user_close_profit", Type: program.ColumnAmount},
	{Name: "order_type", Type: program.ColumnCount},
	{Name: "mint", Type: program.ColumnLabel},
	{Name: "lock_lp_start_price", Type: program.ColumnRaw},
	{Name: "lock_lp_end_price", Type: program.ColumnRaw},
	{Name: "lock_lp_sol_amount", Type: program.ColumnAmount},
	{Name: "lock_lp_token_amount", Type: program.ColumnAmount},
	{Name: "start_time", Type: program.ColumnCount},
	{Name: "end_time", Type: program.ColumnCount},
	{Name: "margin_init_sol_amount", Type: program.ColumnAmount},
	{Name: "margin_sol_amount", Type: program.ColumnAmount},
	{Name: "borrow_amount", Type: program.ColumnAmount},
	{Name: "position_asset_amount", Type: program.ColumnAmount},
	{Name: "realized_sol_amount", Type: program.ColumnAmount},
	{Name: "swap_fee", Type: program.ColumnCount},
	{Name: "borrow_fee", Type: program.ColumnCount},
	{Name: "fee_discount_flag", Type: program.ColumnCount},
	{Name: "curve_account", Type: program.ColumnLabel},
	{Name: "pool_token_account", Type: program.ColumnLabel},
	{Name: "pool_sol_account", Type: program.ColumnLabel},
	{Name: "fee_recipient", Type: program.ColumnLabel},
	{Name: "base_fee_recipient", Type: program.ColumnLabel},
	{Name: "params_account", Type: program.ColumnLabel},
	{Name: "name", Type: program.ColumnForeign},
	{Name: "symbol", Type: program.ColumnForeign},
	{Name: "uri", Type: program.ColumnForeign},
}

// Columns implements program.Format.
func (plug) Columns() []program.Column { return columns }
