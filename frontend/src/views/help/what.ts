import { flagMarker } from '../../chart/flags'
import { toMarker } from '../../chart/marks'
import { pageTheme } from '../../chart/theme'
import { indicatorKind, indicatorNames, type IndicatorName } from '../../market/indicator'
import type { Mark } from '../../market/mark'
import { ORDER_SORTS, ORDER_WORDS } from '../../market/orders'
import { PROGRAM_NAMES, programFacts } from '../../market/program'
import { TAPE_WORDS, type TradeKind } from '../../market/trade'
import type { Colours } from '../../state/prefs.svelte'
import type { IconName } from '../../ui/Icon.svelte'
import { CORRECTED, PROVISIONAL } from '../chart/words'

/** What stands beside an explanation: the little thing itself, in the colours that the chart and the page draw it with. */
export type Sign =
  | { kind: 'marker'; shape: 'square' | 'circle' | 'arrowUp' | 'arrowDown'; color: string }
  | { kind: 'candle'; line: string; fill: string }
  | { kind: 'columns'; colors: [string, string] }
  | { kind: 'hatch'; color: string }
  | { kind: 'band'; wash: string; bar: string; line: string }
  | { kind: 'line'; color: string; dash?: string }
  | { kind: 'dot'; color: string; square?: boolean }
  | { kind: 'icon'; name: IconName }
  | { kind: 'word'; text: string; color: string }

export interface Entry {
  /** What it is called where it has no words of its own in the window: for those who do not see it, and in the docs. */
  name: string
  text: string
  sign?: Sign
}

export interface Section {
  title: string
  /** Before the entries. */
  intro?: string
  entries: readonly Entry[]
}

const theme = pageTheme()

/** As the chart marks it. */
function mark(of: Pick<Mark, 'kind' | 'side'>): Sign {
  const { shape, color } = toMarker('', { time: 0, count: 1, paid: 0, unknown: 0, ...of }, theme)
  return { kind: 'marker', shape, color }
}

function flag(of: Parameters<typeof flagMarker>[1]): Sign {
  const { shape, color } = flagMarker(0, of, theme)
  return { kind: 'marker', shape, color }
}

const UP = 'var(--up)'
const DOWN = 'var(--down)'
const PLAIN = 'var(--text-2)'

const about: Section = {
  title: 'What is traded here',
  intro:
    'Spinscope reads programs of the Solana chain on which coins are traded against a curve or a pool, not against an order book: each trade moves the price by a formula. It shows and does not trade. In the demo the market is simulated, which the amber word in the header says.',
  entries: [
    ...PROGRAM_NAMES.map((name) => {
      const facts = programFacts(name)
      return { name: facts.name, text: ABOUT_PROGRAM(name, facts.what.replace(/^[^:]*: /, '')) }
    }),
    {
      name: 'long and short',
      text: 'Margin orders of SpinPet. Whoever opens one puts up a margin and borrows the rest: a long gains when the price rises, a short when it falls. When the price reaches the order, the program closes it and the margin is gone: it is liquidated, and its closing trade moves the price further.',
    },
    {
      name: 'graduation',
      text: 'A coin of pump whose curve is sold out moves to a pool on PumpSwap. Its candles go on as one series.',
    },
  ],
}

function ABOUT_PROGRAM(name: string, what: string): string {
  const more: Record<string, string> = {
    spinpet: 'All of its coins are read.',
    pump: 'Too busy to be read whole: watch the coins that you want, by their mint.',
    pumpswap: 'It comes with the coins of pump that are watched.',
  }
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}. ${more[name] ?? ''}`.trim()
}

const header: Section = {
  title: 'Above the chart',
  entries: [
    {
      name: 'price',
      text: 'Of the last trade. 0.0(7)2796 is 0.00000002796: the number in brackets counts the zeros. The exact number is at the pointer.',
    },
    {
      name: 'change',
      sign: { kind: 'word', text: '▲ +3.2%', color: UP },
      text: 'Against the price 24 hours ago; with less history, since when it begins, which stands beside it.',
    },
    { name: 'volume, trades', text: 'Of the same time; volume in what the coin is paid in.' },
    { name: 'liquidations', text: 'Of this coin, in the whole stored history.' },
    { name: 'market cap', text: 'Price × supply, where the supply is known. Shift+M shows it in the place of prices.' },
    {
      name: 'USD',
      text: 'By Pyth’s price of SOL on the cluster; its age stands in the status bar, and a stale one is not used.',
    },
  ],
}

const chart: Section = {
  title: 'The chart',
  entries: [
    {
      name: 'green candle, red candle',
      sign: { kind: 'candle', line: theme.up, fill: theme.up },
      text: 'Open, high, low and close of one interval: green when it closed higher than it opened, else red. It opens at the close of the one before, however old.',
    },
    {
      name: 'hollow candle',
      sign: { kind: 'candle', line: theme.up, fill: theme.upOpen },
      text: 'The interval has not ended yet on the chain; “open” and the time left stand in the legend.',
    },
    {
      name: 'Heikin-Ashi',
      text: 'Candles that begin in the middle of the one before and end at the mean of their own open, high, low and close. The figures in the legend stay those of the market.',
    },
    {
      name: 'Replay',
      sign: { kind: 'word', text: 'Replay', color: 'var(--caution)' },
      text: 'Shift+P: the coin as it was at a time that you choose, played, paused, or gone through trade by trade or candle by candle. Amber edges, the word in the chart and “not live” beside its time tell it from the market. Alerts are neither heard nor shown over it.',
    },
    {
      name: 'bars below',
      sign: { kind: 'columns', colors: [theme.upVolume, theme.downVolume] },
      text: 'Volume in tokens, in the colour of the candle; Shift+V makes it what was paid, Shift+Q gives it the colour of the side that took more.',
    },
    {
      name: 'dotted line with a label',
      sign: { kind: 'line', color: theme.up, dash: '1 2' },
      text: 'The last price. An arrow in the label says that it lies beyond the end of the axis.',
    },
    {
      name: 'green range, long green bar',
      sign: { kind: 'band', wash: theme.longBand, bar: theme.longBar, line: theme.up },
      text: 'Prices at which open longs are liquidated, below the price. The longer the bar at the right, the more lies there; the thin line is what falls in all until the price has come there.',
    },
    {
      name: 'red range, long red bar',
      sign: { kind: 'band', wash: theme.shortBand, bar: theme.shortBar, line: theme.down },
      text: 'The same of open shorts, above the price.',
    },
    {
      name: 'violet square',
      sign: mark({ kind: 'liquidation', side: 'long' }),
      text: 'Liquidations in this candle: of longs below it, of shorts above it.',
    },
    { name: 'green arrow', sign: mark({ kind: 'buy' }), text: 'A buy among the largest 2 % of recent trades (H).' },
    { name: 'red arrow', sign: mark({ kind: 'sell' }), text: 'A sell among them.' },
    {
      name: 'blue circle, PumpSwap',
      sign: mark({ kind: 'graduation' }),
      text: 'The coin graduated from its curve to its pool in this candle.',
    },
    {
      name: 'amber hatch',
      sign: { kind: 'hatch', color: theme.gap },
      text: 'A gap: slots of this time were not read yet, so candles there may lack trades. It may still be filled.',
    },
    {
      name: 'grey hatch',
      sign: { kind: 'hatch', color: theme.gapLost },
      text: 'A gap that can never be filled, as no endpoint has these slots any more.',
    },
    { name: 'amber circle', sign: flag('corrected'), text: `${CORRECTED}.` },
    { name: 'amber square', sign: flag('provisional'), text: `${PROVISIONAL}. In candles the outline is amber.` },
    {
      name: 'dashed line',
      sign: { kind: 'line', color: theme.alert, dash: '4 3' },
      text: 'A price that an alert waits for. In the app it is dragged to another.',
    },
    {
      name: 'blue-violet line',
      sign: { kind: 'line', color: theme.drawing },
      text: 'Drawn by you, and kept with the coin (Shift+L). It moves by its handles.',
    },
    {
      name: 'dotted upright line',
      sign: { kind: 'line', color: theme.text, dash: '2 3' },
      text: 'Where marks begin: liquidations and large trades before it were not read.',
    },
  ],
}

/** A name ends in "of" for the number of bars behind it, in "since" for where it begins, or in a colon before a choice. */
const layerName = (name: IndicatorName) => indicatorKind(name).layer.replace(/( of| since|:)$/, '')

const studies: Section = {
  title: 'Indicators',
  intro: 'Chosen with O, each with a key of its own; those in panes stand below the candles.',
  entries: indicatorNames.map((name) => ({
    name: layerName(name),
    sign: { kind: 'line', color: theme.indicators[name] },
    text: `${indicatorKind(name).hint}.`,
  })),
}

const TONES: Partial<Record<TradeKind, string>> = {
  buy: UP,
  long: UP,
  'close short': UP,
  sell: DOWN,
  short: DOWN,
  'close long': DOWN,
  liq: 'var(--liquidation)',
}

const TAPE_TEXT: Record<TradeKind, string> = {
  buy: 'Somebody bought the coin.',
  sell: 'Somebody sold it.',
  long: 'A margin order was opened: bought with borrowed SOL, to gain when the price rises.',
  short: 'A margin order was opened: borrowed coins sold, to gain when the price falls.',
  'close long': 'The owner closed a long, wholly or in part: coins were sold.',
  'close short': 'The owner closed a short, wholly or in part: coins were bought back.',
  liq: 'A liquidation: the price reached an order, and the program closed it. LIQ L was a long, LIQ S a short.',
  fee: 'The coin’s fee was lowered, as it had reached a milestone.',
  new: 'The coin was created.',
  graduated: 'The curve of the coin is sold out.',
  moved: 'The coin moved to its pool on PumpSwap.',
}

const trades: Section = {
  title: 'Trades',
  intro:
    'One line is one trade: time, side, amount, price. Green ones moved the price up, red ones down; those among the largest twentieth in sight have a wash. Press a line for account and transaction.',
  entries: (Object.keys(TAPE_WORDS) as TradeKind[]).map((kind) => ({
    name: TAPE_WORDS[kind],
    sign: { kind: 'word', text: TAPE_WORDS[kind], color: TONES[kind] ?? PLAIN },
    text: TAPE_TEXT[kind],
  })),
}

const ORDER_TEXT: Record<(typeof ORDER_SORTS)[number], string> = {
  distance: 'How far the price has to go until the order is liquidated.',
  size: 'What its closing trade moves.',
  leverage: 'What it moved, by its margin.',
  profit: 'What it would bring if it were closed now, and the same by the margin.',
  entry: 'The price at which it was opened, on average.',
  left: 'Until its time is over; then anybody may close it.',
  price: 'Where it is liquidated.',
}

const orders: Section = {
  title: 'Orders',
  intro:
    'Open margin orders of the coin. Above the list: what falls next when the price goes down or up, and what falls with it, as each closing trade moves the price further.',
  entries: ORDER_SORTS.map((by) => ({ name: ORDER_WORDS[by][0], text: ORDER_TEXT[by] })),
}

const tokens: Section = {
  title: 'Tokens',
  entries: [
    {
      name: 'figures of a row',
      text: 'The last price, and the change over 5 minutes, an hour or a day: the head of the column switches. With less history the time since when it begins stands before it.',
    },
    {
      name: 'beside the name',
      text: 'The time of the last trade, the age, the volume, the trades, the market cap, or how much of the curve is sold; the word below the list switches.',
    },
    {
      name: 'heads of the columns',
      text: 'Sort the list, by the server in the whole market of the last 24 hours; pressed again the other way round, and once more as the tab says. Coins that are paid in the same thing stand together, and what is not known of a coin stands last. The list has the first 500.',
    },
    { name: 'new', text: 'The coin was created less than ten minutes ago.' },
    {
      name: 'an address in the place of a name',
      text: 'The coin was created before the stored history, and its name is not known yet.',
    },
    {
      name: 'funnel',
      sign: { kind: 'icon', name: 'filter' },
      text: 'Chooses the coins of the list: for which so much was paid, with so many trades, no older than so many hours, or by market cap and by how much of the curve is sold. It also chooses what a row shows.',
    },
    {
      name: 'star',
      sign: { kind: 'icon', name: 'star' },
      text: 'Your favourites, which have a list of their own (S).',
    },
    {
      name: 'Info',
      text: 'A coin of pump has the share of its curve that is sold, what lies in the curve or the pool (what all holders together could sell for, at most), and what the newest trade was charged.',
    },
  ],
}

const status: Section = {
  title: 'The status bar',
  entries: [
    { name: 'green dot', sign: { kind: 'dot', color: UP }, text: 'Live: trades are shown as they happen.' },
    {
      name: 'amber dot',
      sign: { kind: 'dot', color: 'var(--caution)' },
      text: 'Connecting or catching up: what you see may be a little old. Press the word for the health panel.',
    },
    {
      name: 'red square',
      sign: { kind: 'dot', color: DOWN, square: true },
      text: 'No connection to the server or the cluster. What is stored stays in sight; a line above the chart says what to do.',
    },
    { name: 'slot', text: 'The newest slot known: the chain’s unit of time, 0.4 seconds or so.' },
    {
      name: 'lag',
      text: 'Slots between the chain and what is stored. A few are usual; a number that grows means the endpoint or this machine is too slow.',
    },
    { name: 'ev/s', text: 'New events a second, history not counted.' },
    {
      name: 'gaps',
      text: 'Stretches with something missing that may still be filled; press for the list with the causes.',
    },
    { name: 'clients', text: 'Programs connected to this one, the window included.' },
    {
      name: 'bell',
      sign: { kind: 'icon', name: 'bell' },
      text: 'Alerts, with the number of those that you have not looked at.',
    },
    {
      name: 'a workspace’s name',
      text: 'The workspace in use; “changed” before it: the window is not as it was saved. Nothing is saved by itself and nothing lost: Shift+S saves the change, goes back, or opens another.',
    },
    {
      name: 'on top',
      text: 'This window stays above those of other programs (Shift+O, in the app); press to let it go. It is remembered.',
    },
    { name: 'time', text: 'Chain time: everything before it was read.' },
    {
      name: 'a version is available',
      text: 'The publisher whom you asked in the settings has signed a newer one; press for its page. Nothing is downloaded.',
    },
  ],
}

const health: Section = {
  title: 'The health panel (Shift+H)',
  entries: [
    { name: 'commit', text: 'Number of the newest commit; answers carry it as seq.' },
    { name: 'latency of an endpoint', text: 'How long it takes to answer, in ms.' },
    { name: 'reconnects', text: 'Live connections that were lost.' },
    {
      name: 'waiting frames of a client',
      text: 'What was sent and not read by it yet; a client that never reads is cut off.',
    },
  ],
}

/** Everything that Help › What You See says, and docs/figures.md. */
export const SECTIONS: readonly Section[] = [about, header, chart, studies, trades, orders, tokens, status, health]

/** The same in the words of the other set of colours. */
const IN_BLUE = JSON.parse(
  JSON.stringify(SECTIONS).replace(/\b(green|red)\b/gi, (word) => {
    const other = /red/i.test(word) ? 'orange' : 'blue'
    return /^[GR]/.test(word) ? other.replace(/^./, (first) => first.toUpperCase()) : other
  }),
) as readonly Section[]

/** The sections with the entries in which every word of the question stands; without one, all. */
export function find(question: string, colours: Colours = 'green-red'): readonly Section[] {
  const sections = colours === 'green-red' ? SECTIONS : IN_BLUE
  const words = question.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return sections
  const has = (text: string) => words.every((word) => text.toLowerCase().includes(word))
  return sections.flatMap((section) => {
    const entries = section.entries.filter(({ name, text }) => has(`${section.title} ${name} ${text}`))
    return entries.length > 0 ? [{ title: section.title, entries }] : []
  })
}

/** The same as a page of the documents. */
export function page(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|')
  const parts = SECTIONS.map(({ title, intro, entries }) => {
    const rows = entries.map(({ name, text }) => `| ${cell(name)} | ${cell(text)} |`)
    return [`## ${title}`, '', ...(intro ? [intro, ''] : []), '| what | meaning |', '|---|---|', ...rows, ''].join('\n')
  })
  return [
    '# What you see',
    '',
    'What Help › What You See (F1) says in the window, where each mark and colour stands beside its words; this page is made from the same table. Times are the chain’s block times, never this machine’s clock. Prices are what a whole token costs, in SOL or what else the coin is paid in.',
    '',
    ...parts,
  ].join('\n')
}
