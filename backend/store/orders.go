package store

import (
	"context"

	"github.com/dgraph-io/badger/v4"

	"spinscope/backend/market"
)

// OrderPage is a page of orders as of the commit Seq. Total counts the whole list.
type OrderPage struct {
	Orders []market.Order
	Total  int
	Seq    market.Seq
}

// Order is an open order by its address.
func (s *Store) Order(address market.Pubkey) (o market.Order, found bool, err error) {
	err = s.read(nil, func(v *view) error {
		o, found, err = v.order(&address)
		return err
	})
	return o, found, err
}

func (v *view) order(address *market.Pubkey) (o market.Order, found bool, err error) {
	var room [1 + keySize]byte
	value, err := v.get(appendOrderKey(room[:0], address))
	if err != nil || value == nil {
		return o, false, err
	}
	o, _, err = decodeOrder(value)
	return o, err == nil, err
}

// listed reads the order that ends an index key.
func (v *view) listed(key []byte) (market.Order, error) {
	address := market.Pubkey(key[len(key)-keySize:])
	o, found, err := v.order(&address)
	if err == nil && !found {
		err = errRow("order index")
	}
	return o, err
}

// MintOrders is a page of a mint's open orders: the shorts with the lowest lock_lp_start_price first, or the longs with
// the highest first.
func (s *Store) MintOrders(ctx context.Context, mint market.Pubkey, short bool, offset, limit int) (page OrderPage, err error) {
	var id mintID
	err = s.read(func() { id = s.id(mint) }, func(v *view) error {
		page = OrderPage{Seq: v.seq}
		if id == 0 {
			return nil
		}
		m, err := v.mint(id)
		if err != nil {
			return err
		}
		list := sideDown
		if short {
			list = sideUp
		}
		page.Total = int(m.orders[list]) //nolint:gosec // rows on a disk
		if limit <= 0 || offset >= page.Total {
			return nil
		}
		skip := offset
		return v.scan(ctx, span{prefix: appendOrderListPrefix(nil, id, list)}, func(key []byte, _ *badger.Item) error {
			if skip > 0 {
				skip--
				return nil
			}
			o, err := v.listed(key)
			if err != nil {
				return err
			}
			page.Orders = append(page.Orders, o)
			return stopAt(len(page.Orders), limit)
		})
	})
	return page, err
}

// UserOrders is a page of a user's open orders by start time, of all mints or of one.
func (s *Store) UserOrders(ctx context.Context, user market.Pubkey, mint *market.Pubkey, oldestFirst bool, offset, limit int) (page OrderPage, err error) {
	var id mintID
	grab := func() {
		if mint != nil {
			id = s.id(*mint)
		}
	}
	err = s.read(grab, func(v *view) error {
		page = OrderPage{Seq: v.seq}
		if mint != nil && id == 0 {
			return nil
		}
		sp := span{prefix: appendUserOrderPrefix(nil, &user), reverse: !oldestFirst}
		return v.scan(ctx, sp, func(key []byte, item *badger.Item) error {
			if ok, err := v.isOf(id, item); err != nil || !ok {
				return err
			}
			page.Total++
			if page.Total <= offset || len(page.Orders) >= limit {
				return nil
			}
			o, err := v.listed(key)
			if err != nil {
				return err
			}
			page.Orders = append(page.Orders, o)
			return nil
		})
	})
	return page, err
}

// Orders calls fn with every open order, by address.
func (s *Store) Orders(ctx context.Context, fn func(*market.Order) error) error {
	return s.read(nil, func(v *view) error {
		return v.scan(ctx, span{prefix: []byte{tableOrder}}, func(_ []byte, item *badger.Item) error {
			value, err := v.value(item)
			if err != nil {
				return err
			}
			o, _, err := decodeOrder(value)
			if err != nil {
				return err
			}
			return call(v, fn, &o)
		})
	})
}
