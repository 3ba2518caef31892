export interface Step {
  title: string
  text: string
  /** What it is about, framed while it is in sight. */
  at: string
}

const by = (id: string) => `[data-testid="${id}"]`

/** The first tour: where to look, and where to learn more. */
export const STEPS: readonly Step[] = [
  {
    title: 'The coins',
    text: 'Each row is a coin with its last price and its change. Press one to see it, / to search by name or address, S to star it.',
    at: by('token-list'),
  },
  {
    title: 'The chart',
    text: 'Candles from the chain’s own trades. Coloured ranges are prices at which open longs and shorts are liquidated, violet squares are liquidations, and a hatch says that something was not read.',
    at: by('chart'),
  },
  {
    title: 'Trades, orders, info, alerts',
    text: 'Every trade as it happens, the open orders with their distance to liquidation, what is known of the coin, and alerts: Shift+A makes one.',
    at: `${by('side-trades')}, ${by('panel-side')}`,
  },
  {
    title: 'Whether it is true now',
    text: 'The word at the left says whether the market is live, and what to do when it is not. Ctrl+K has every command; F1 explains every mark, colour and word.',
    at: by('show-health'),
  },
]
