package rest

import (
	"context"
	"fmt"

	"spinscope/backend/market"
	"spinscope/backend/ticker"
	"spinscope/backend/wire"
)

var tickerOrders = map[TickerSort]ticker.Order{
	wire.QuoteVolumeDesc: ticker.ByQuoteVolume, wire.QuoteVolumeAsc: ticker.ByQuoteVolume | ticker.Ascending,
	wire.TradesDesc: ticker.ByTrades, wire.TradesAsc: ticker.ByTrades | ticker.Ascending,
	wire.ChangeDesc: ticker.ByGain, wire.ChangeAsc: ticker.ByLoss,
	wire.LastTradeDesc: ticker.ByLastTrade, wire.LastTradeAsc: ticker.ByLastTrade | ticker.Ascending,
	wire.PriceDesc: ticker.ByPrice, wire.PriceAsc: ticker.ByPrice | ticker.Ascending,
	wire.MarketCapDesc: ticker.ByMarketCap, wire.MarketCapAsc: ticker.ByMarketCap | ticker.Ascending,
	wire.ProgressDesc: ticker.ByProgress, wire.ProgressAsc: ticker.ByProgress | ticker.Ascending,
	wire.CreatedDesc: ticker.ByCreation, wire.CreatedAsc: ticker.ByCreation | ticker.Ascending,
}

// NewTickers answers from a cache, with what is known of mints; mints may be nil.
func NewTickers(cache *ticker.Cache, mints Mints) Tickers {
	return func(ctx context.Context, q TickerQuery) (page TickerPage, err error) {
		window, err := ticker.ParseWindow(q.Window)
		if err != nil {
			return page, err
		}

		var answer ticker.Answer
		if len(q.Mints) > 0 {
			answer, err = cache.Tickers(ctx, q.Mints)
		} else {
			answer, err = cache.Rank(ctx, tickerOrders[q.SortBy], window, q.Filter, q.Offset, q.Limit)
		}

		if err != nil {
			return page, fmt.Errorf("tickers: %w", err)
		}

		var progress map[market.Pubkey]float64
		if q.Progress {
			if progress, err = cache.Progress(ctx, answer.Mints()); err != nil {
				return page, fmt.Errorf("tickers: %w", err)
			}
		}

		page = TickerPage{Total: answer.Total, ChainTime: answer.ChainTime, Tickers: make([]wire.Ticker, len(answer.Tickers))}
		for i := range answer.Tickers {
			page.Tickers[i] = wireTicker(answer.Tickers[i], q.Spark)
			page.Tickers[i].Add(&answer.Tickers[i].Token, mintInfo(mints, answer.Tickers[i].Token.Mint))
			if share, known := progress[answer.Tickers[i].Token.Mint]; known {
				page.Tickers[i].Progress = &share
			}
		}

		return page, nil
	}
}

func wireTicker(t *ticker.Ticker, spark bool) wire.Ticker {
	w := wire.NewTicker(&t.Token)
	w.H24, w.H1, w.M5 = wireSpan(t, ticker.H24), wireSpan(t, ticker.H1), wireSpan(t, ticker.M5)
	if spark && w.H24 != nil {
		for _, price := range t.Spark {
			w.Spark = append(w.Spark, price.Float())
		}
	}
	return w
}

func wireSpan(t *ticker.Ticker, window ticker.Window) *wire.Span {
	s := &t.Spans[window]
	change, known := t.Change(window)
	if !known {
		return nil
	}
	base, quote := t.Token.Pair.BaseDecimals(), t.Token.Pair.QuoteDecimals()
	return &wire.Span{
		Since: s.Since, Open: s.Open.Float(), Change: change,
		Volume: s.Volume.Float(base), QuoteVolume: s.QuoteVolume.Float(quote),
		BuyVolume: s.BuyVolume.Float(base), Trades: s.Trades,
	}
}
