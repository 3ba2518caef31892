import { describe, expect, it } from 'vitest'
import { candlesToCsv } from './csv'
import { floor, INTERVALS, isInterval, keyOf, label, rowWith, seconds, words } from './interval'
import { formatAge, formatClock, formatCountdown, formatDate, formatMoment } from './time'
import { byRank, cleanName, findTokens, initial, matches, moveFrom, shortAddress, webLink } from './token'
import { joinTape, largeFrom, type TapeEvent, toTrade, type Trade } from './trade'

describe('interval', () => {
  it('knows the lengths', () => {
    const keyed = INTERVALS.filter(keyOf)
    expect(keyed.map(seconds)).toEqual([1, 5, 15, 30, 60, 300, 900, 3600, 14400, 86400])
    expect(keyed.map(label).join(' ')).toBe('1s 5s 15s 30s 1m 5m 15m 1h 4h 1d')
    expect(keyed.map(keyOf).join('')).toBe('1234567890')
    expect(INTERVALS.map(seconds)).toEqual(INTERVALS.map(seconds).sort((a, b) => a - b))
    expect(words('m1')).toBe('1 minute')
    expect(words('h4')).toBe('4 hours')
  })

  it('floors a time to where its candle begins, weeks to Monday', () => {
    const monday = Date.UTC(2026, 10, 30) / 1000
    for (const at of [monday, monday + 1, monday + 7 * 86_400 - 1]) expect(floor('w1', at)).toBe(monday)
    expect([floor('m3', 539), floor('m3', 540), floor('s1', 7)]).toEqual([360, 540, 7])
  })

  it('has room for as many in a row as have a key, whichever is chosen', () => {
    expect(rowWith('h1').map(label).join(' ')).toBe('1s 5s 15s 30s 1m 5m 15m 1h 4h 1d')
    expect(rowWith('m3').map(label).join(' ')).toBe('1s 5s 15s 30s 3m 5m 15m 1h 4h 1d')
    expect(rowWith('w1').map(label).join(' ')).toBe('1s 5s 15s 30s 1m 5m 15m 1h 4h 1w')
  })

  it('refuses everything else', () => {
    for (const other of ['m2', '', 'M1', undefined, 1, 'constructor']) expect(isInterval(other)).toBe(false)
  })
})

describe('time', () => {
  it('writes moments in UTC', () => {
    const moment = Date.UTC(2025, 7, 4, 9, 5, 7) / 1000
    expect(formatMoment(moment, 'utc')).toBe('2025-08-04 09:05:07')
    expect(formatClock(moment, 'utc')).toBe('09:05:07')
    expect(formatDate(moment, 'utc')).toBe('2025-08-04')
  })

  it.each([
    [0.4, 'now'],
    [42, '42s'],
    [3599, '59m'],
    [86_399, '23h'],
    [86_400 * 12, '12d'],
    [NaN, '–'],
  ])('%s seconds ago is %s', (age, want) => {
    expect(formatAge(age)).toBe(want)
  })

  it.each([
    [7, '0:07'],
    [299.2, '5:00'],
    [11_099, '3:04:59'],
    [-3, '0:00'],
  ])('%s seconds left is %s', (left, want) => {
    expect(formatCountdown(left)).toBe(want)
  })
})

describe('what strangers wrote', () => {
  it.each([
    ['https://oak.example', 'https://oak.example/'],
    [' http://oak.example/a?b ', 'http://oak.example/a?b'],
    ['javascript:alert(1)', null],
    ['data:text/html,x', null],
    ['file:///etc/passwd', null],
    ['https://', null],
    ['https://bank.example@evil.example', null],
    ['@oak', null],
    ['', null],
    [null, null],
    [undefined, null],
  ])('of %j the link is %j', (text, want) => expect(webLink(text)).toBe(want))

  it('has a letter where there is no picture', () => {
    expect(['oak', '\u202eFox', '🦊x', ''].map(initial)).toEqual(['O', 'F', '🦊', '?'])
  })
})

describe('token', () => {
  const make = (mint: string, symbol: string, created: number) => ({ mint, symbol, name: `${symbol} token`, created })
  const [a, b, c] = [make('aaa', 'OAK', 1), make('bbb', 'FOX', 3), make('ccc', 'KITE', 2)]

  it('finds by symbol, name and address, all words needed', () => {
    expect(matches(a, 'oa')).toBe(true)
    expect(matches(a, 'token oak')).toBe(true)
    expect(matches(b, 'BBB')).toBe(true)
    expect(matches(b, 'fox kite')).toBe(false)
    expect(matches(b, '  ')).toBe(true)
  })

  it('orders by rank, the unranked newest first after it', () => {
    expect(byRank([a, b, c], new Map([['aaa', 0]])).map((token) => token.mint)).toEqual(['aaa', 'bbb', 'ccc'])
    expect(byRank([a, b, c], new Map()).map((token) => token.mint)).toEqual(['bbb', 'ccc', 'aaa'])
  })

  it('finds the likeliest first, and says how many there are', () => {
    const named = (mint: string, symbol: string, name = '') => ({ mint, symbol, name, created: 0 })
    const list = [
      named('m1', 'DOGWOOD'),
      named('m2', 'CAT', 'not a dog'),
      named('m3', 'DOG', 'the first'),
      named('m4', 'dog', 'its twin'),
      named('dog5', 'ELM'),
      named('m6', 'FIR'),
    ]
    const rank = new Map([['m4', 0]])
    const mints = (query: string, most = 9) => findTokens(list, query, rank, most).hits.map(({ mint }) => mint)
    expect(mints(' dog ')).toEqual(['m4', 'm3', 'm1', 'dog5', 'm2'])
    expect(mints('M3')).toEqual(['m3'])
    expect(mints('dog', 2)).toEqual(['m4', 'm3'])
    expect(findTokens(list, 'dog', rank, 2).total).toBe(5)
    expect(mints('')[0]).toBe('m4')
    expect(mints('dog the')).toEqual(['m3'])
    expect(findTokens(list, 'nothing', rank, 2)).toEqual({ hits: [], total: 0 })
  })

  it('takes the tricks out of names that strangers chose', () => {
    expect(cleanName('  S\u202ePT\u200b  ', 'x')).toBe('SPT')
    expect(cleanName('a\n\nb\tc', 'x')).toBe('a b c')
    expect(cleanName('\u0000', 'fallback')).toBe('fallback')
    expect([...cleanName('🦊'.repeat(60), 'x', 12)]).toHaveLength(12)
    expect(cleanName('❤\ufe0f a\u0301', 'x')).toBe('❤\ufe0f a\u0301')
    expect(cleanName('\u0301\u0302abc', 'x')).toBe('abc')
    expect(cleanName('S\u3164P\u2800T', 'x')).toBe('SPT')
  })

  it('says the address where a name shows nothing', () => {
    const nothing =
      '\u3164 \u115f \u1160 \uffa0 \u034f \u2800 \u0301 \u0300\u0488 \u200b \u00ad \ufe0f \u{e0020} \u3000 \u2060'
    for (const one of [...nothing.split(' '), nothing, '']) expect(cleanName(one, 'address')).toBe('address')
    expect(initial('\u3164')).toBe('?')
  })

  it('shortens addresses', () => {
    expect(shortAddress('JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ')).toBe('JBMm…UTBZ')
    expect(shortAddress('short')).toBe('short')
  })

  it('measures a move from where its window began', () => {
    expect(moveFrom({ since: 5, open: 2 }, 3)).toEqual({ fraction: 0.5, since: 5 })
    expect(moveFrom(null, 3)).toBeNull()
    expect(moveFrom({ since: 5, open: 0 }, 3)).toBeNull()
    expect(moveFrom({ since: 5, open: 2 }, NaN)).toBeNull()
  })
})

describe('trade', () => {
  const head = {
    signature: 'sig',
    slot: 7,
    ordinal: 2,
    timestamp: '2025-08-04T09:05:07Z',
    payer: 'payer',
    price_exact: '0.5',
  }
  const coin = { signature: 'sig', slot: 7, ordinal: 2, timestamp: head.timestamp, price_exact: '0.5', user: 'taker' }
  const terms = { user: 'user', borrow_amount: 4e9, position_asset_amount: '9000000000000000001' }
  const close = { final_token_amount: 2e6, final_sol_amount: 3e9 }

  it.each<[TapeEvent, Partial<Trade>]>([
    [
      { ...head, event_type: 'BuySell', is_buy: true, token_amount: 1_500_000, sol_amount: '2000000000' },
      { kind: 'buy', side: 'buy', tokens: 1.5, paid: 2, price: 0.5, account: 'payer', key: 'sig:2', time: 1754298307 },
    ],
    [
      {
        ...coin,
        event_type: 'Trade',
        is_buy: true,
        token_amount: 2e6,
        quote_amount: '3000000000',
        quote_mint: 'So11111111111111111111111111111111111111112',
      },
      { kind: 'buy', side: 'buy', tokens: 2, paid: 3, price: 0.5, account: 'taker', payer: '' },
    ],
    [
      {
        ...coin,
        event_type: 'Sell',
        is_buy: false,
        token_amount: 2e6,
        quote_amount: 3e6,
        quote_mint: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v',
      },
      { kind: 'sell', side: 'sell', tokens: 2, paid: 3, account: 'taker' },
    ],
    [
      { ...coin, event_type: 'CompletePumpAmmMigration' },
      { kind: 'moved', side: 'none', account: 'taker' },
    ],
    [
      { ...coin, event_type: 'Graduated' },
      { kind: 'graduated', side: 'none', account: 'taker' },
    ],
    [
      { ...coin, event_type: 'Create' },
      { kind: 'new', side: 'none', account: 'taker' },
    ],
    [
      { ...head, event_type: 'BuySell', is_buy: false, token_amount: 1, sol_amount: 1 },
      { kind: 'sell', side: 'sell' },
    ],
    [
      { ...head, event_type: 'LongShort', order_type: 1, ...terms },
      { kind: 'long', side: 'buy', tokens: 9000000000000, paid: 4, account: 'user' },
    ],
    [
      { ...head, event_type: 'LongShort', order_type: 2, ...terms, borrow_amount: 6e6, position_asset_amount: 7e9 },
      { kind: 'short', side: 'sell', tokens: 6, paid: 7 },
    ],
    [
      { ...head, event_type: 'FullClose', is_close_long: true, ...close },
      { kind: 'close long', side: 'sell', tokens: 2, paid: 3 },
    ],
    [
      { ...head, event_type: 'PartialClose', is_close_long: false, user: 'user', ...close },
      { kind: 'close short', side: 'buy', account: 'user' },
    ],
    [
      { ...head, event_type: 'ForceLiquidate' },
      { kind: 'liq', side: 'none', paid: NaN },
    ],
    [{ ...head, event_type: 'MilestoneDiscount' }, { kind: 'fee' }],
  ])('reads %o', (event, want) => {
    expect(toTrade(event)).toMatchObject(want)
  })

  it('leaves out kinds it does not know', () => {
    expect(toTrade({ ...head, event_type: 'Invented' } as unknown as TapeEvent)).toBeNull()
  })

  it('joins each event once, newest first, within bounds', () => {
    const trade = (key: string, slot: number) => ({ key, slot, time: slot }) as Trade
    const known = [trade('c', 3), trade('b', 2)]
    expect(joinTape(known, [trade('b', 2), trade('d', 4), trade('a', 1)], 3).map(({ key }) => key)).toEqual([
      'd',
      'c',
      'b',
    ])
    expect(joinTape(known, [trade('b', 2)], 3)).toBe(known)
  })

  it('calls a twentieth of the trades large', () => {
    const sizes = Array.from({ length: 100 }, (_, i) => i + 1)
    const limit = largeFrom(sizes)
    expect(sizes.filter((size) => size >= limit)).toHaveLength(6)
    expect(largeFrom([1, 2, 3])).toBe(Infinity)
  })
})

it('writes CSV with every digit', () => {
  const candle = {
    time: 60,
    open: 2.5e-8,
    high: 3e-8,
    low: 2e-8,
    close: 2.75e-8,
    volume: 1.5,
    quote_volume: 2e-7,
    trades: 3,
  }
  const csv = candlesToCsv([{ ...candle, buy_volume: 1, is_final: true, update_type: 'final', update_count: 3 }])
  expect(csv).toBe(
    'time,open,high,low,close,volume,quote_volume,trades,buy_volume,is_final\n' +
      '60,0.000000025,0.00000003,0.00000002,0.0000000275,1.5,0.0000002,3,1,true\n',
  )
})
