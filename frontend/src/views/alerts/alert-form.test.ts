import { fireEvent, render, screen } from '@testing-library/svelte'
import { tick } from 'svelte'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Detail, Mints } from '../../api/client/index'
import { Prefs } from '../../state/prefs.svelte'
import { QuietStream } from '../../state/fakes'
import { WindowState } from '../../state/window.svelte'
import { Workspace } from '../../state/workspace.svelte'
import Host from '../Host.test.svelte'

const TWIN = 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ'
const OTHER_TWIN = 'So11111111111111111111111111111111111111112'
const FOX = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA'
const UNKNOWN = '11111111111111111111111111111111'

const detail = (mint_account: string, symbol: string, name: string) =>
  ({ mint_account, symbol, name, price_exact: `0.${mint_account.length}` }) as Detail
let details: Detail[]
let workspace: Workspace

beforeEach(() => {
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => 0, removeEventListener: () => 0 }))
  details = [detail(TWIN, 'OAK', 'Oak'), detail(OTHER_TWIN, 'OAK', 'Oak of another'), detail(FOX, 'FOX', 'Red fox')]
  workspace = new Workspace(new Prefs(null))
  workspace.connection.stream = new QuietStream()
  Object.assign(workspace.connection.rest, {
    mints: async () => ({ mints: details.map((one) => one.mint_account), next_cursor: null }) as unknown as Mints,
    details: async () => details,
    ranking: async () => [],
    tickers: async () => [],
  })
})

async function show(
  kind: 'price_above' | 'liquidation' | 'market_cap_above' = 'price_above',
  symbol = TWIN,
): Promise<HTMLInputElement> {
  await workspace.tokens.load()
  workspace.alerts.begin(symbol, 2.8e-8)
  if (workspace.alerts.draft) workspace.alerts.draft.kind = kind
  render(Host, { workspace, view: new WindowState(), part: 'AlertForm', given: { onsaved: () => undefined } })
  await tick()
  return screen.getByTestId<HTMLInputElement>('alert-symbol')
}

const options = () => screen.queryAllByTestId('alert-token').map(({ dataset }) => dataset['mint'])
const active = () => document.querySelector('[role=option][aria-selected=true]')?.id.replace('alert-token-', '')
const symbol = () => workspace.alerts.draft?.symbol
const write = (field: HTMLElement, value: string) => fireEvent.input(field, { target: { value } })
const press = (field: HTMLElement, key: string) => fireEvent.keyDown(field, { key })

describe('the token of an alert', () => {
  it('says where an alert by market cap waits for the supply of its coin', async () => {
    Object.assign(details[0] ?? {}, { supply: '5000', decimals: 2 })
    await show('market_cap_above')
    expect(screen.queryByTestId('alert-supply')).toBeNull()
    if (workspace.alerts.draft) workspace.alerts.draft.symbol = FOX
    await tick()
    expect(screen.getByTestId('alert-supply').textContent).toMatch(/not known yet/)
  })

  it('is any token of the list, found by symbol, name or address', async () => {
    const field = await show()
    expect(field.value).toBe('OAK JBMmrp…JbUTBZ')
    expect(screen.getByTestId('alert-token-note').textContent).toBe(`Oak ${TWIN}`)
    expect(field.getAttribute('aria-expanded')).toBe('false')
    for (const query of ['fox', 'red', 'tokenKEG']) {
      await write(field, query)
      expect(options()).toEqual([FOX])
    }
    expect(field.getAttribute('aria-expanded')).toBe('true')
    expect(field.getAttribute('aria-activedescendant')).toBe(`alert-token-${FOX}`)
    await press(field, 'Enter')
    expect([symbol(), field.value]).toEqual([FOX, 'FOX Tokenk…3VQ5DA'])
    expect(options()).toEqual([])
  })

  it('is told from its twin of the same symbol', async () => {
    const field = await show()
    await write(field, 'oak')
    expect(screen.getAllByTestId('alert-token').map((option) => option.textContent?.trim())).toEqual([
      'OAK Oak JBMmrp…JbUTBZ',
      'OAK Oak of another So1111…111112',
    ])
    expect(symbol()).toBe('oak')
    await press(field, 'ArrowDown')
    expect(active()).toBe(OTHER_TWIN)
    await press(field, 'ArrowDown')
    expect(active()).toBe(TWIN)
    await press(field, 'ArrowUp')
    await press(field, 'Enter')
    expect(symbol()).toBe(OTHER_TWIN)
  })

  it('may be an address that the list does not have', async () => {
    const field = await show()
    await write(field, ` ${UNKNOWN} `)
    await fireEvent.blur(field)
    expect([symbol(), field.value]).toEqual([UNKNOWN, UNKNOWN])
    expect(screen.getByTestId('alert-token-note').textContent).toContain('Not in this list')
    expect(screen.getByTestId('alert-problem').dataset['field']).toBe('price')
    await write(screen.getByTestId('alert-price'), '1')
    expect(screen.queryByTestId('alert-problem')).toBeNull()
    expect(screen.getByTestId('alert-command').textContent).toContain(`--symbol ${UNKNOWN}`)
  })

  it('is refused at the field when it is neither, once the person has gone on', async () => {
    const field = await show()
    await write(field, 'nothing like it')
    expect(screen.getByTestId('alert-tokens-count').textContent).toBe('0 tokens')
    expect(screen.queryByTestId('alert-problem')).toBeNull()
    await fireEvent.blur(field)
    const problem = screen.getByTestId('alert-problem')
    expect(problem.dataset['field']).toBe('symbol')
    expect(problem.textContent).toContain('choose a token')
    expect(field.getAttribute('aria-invalid')).toBe('true')
    expect(field.getAttribute('aria-describedby')).toContain(problem.id)
    expect(field.value).toBe('nothing like it')
    expect(screen.getByTestId<HTMLButtonElement>('alert-save').disabled).toBe(true)
    await write(field, TWIN.slice(0, -3))
    expect(screen.getByTestId('alert-problem').textContent).toContain('32 bytes')
    await write(field, TWIN)
    expect(screen.queryByTestId('alert-problem')).toBeNull()
  })

  it('brings its price along, until the person has written one', async () => {
    const field = await show()
    const price = screen.getByTestId<HTMLInputElement>('alert-price')
    expect(price.value).toBe('0.000000028')
    await write(field, UNKNOWN)
    expect(price.value).toBe('')
    await write(field, FOX)
    expect(price.value).toBe('0.43')
    await write(price, '7')
    await write(field, TWIN)
    expect(price.value).toBe('7')
  })

  it('that the server refused may be chosen anew', async () => {
    const field = await show()
    workspace.alerts.problem = { field: 'symbol', text: 'refused' }
    await tick()
    expect(field.getAttribute('aria-invalid')).toBe('true')
    await write(field, 'fox')
    expect(field.getAttribute('aria-invalid')).toBe('false')
    workspace.alerts.problem = { field: 'symbol', text: 'refused' }
    await press(field, 'Enter')
    expect(workspace.alerts.problem).toBeNull()
  })

  it('may be all of them where the kind allows it', async () => {
    const field = await show('liquidation', '')
    expect(field.value).toBe('All tokens')
    await press(field, 'ArrowDown')
    expect(options()).toEqual(['', TWIN, OTHER_TWIN, FOX])
    await press(field, 'PageDown')
    expect(active()).toBe(FOX)
    await press(field, 'Enter')
    expect(symbol()).toBe(FOX)
    await write(field, '')
    expect(active()).toBe('')
    await press(field, 'Escape')
    expect(options()).toEqual([])
    expect(workspace.alerts.draft).not.toBeNull()
    await fireEvent.blur(field)
    expect([symbol(), field.value]).toEqual(['', 'All tokens'])
    await press(field, 'Escape')
    expect(workspace.alerts.draft).toBeNull()
  })

  it('is listed fifty at a time', async () => {
    details = Array.from({ length: 120 }, (_, i) => detail(`${TWIN.slice(0, -3)}${i}`, `T${i}`, ''))
    const field = await show('liquidation', '')
    await write(field, 't')
    expect(options()).toHaveLength(50)
    expect(screen.getByTestId('alert-tokens-count').textContent).toBe(
      '50 of 120 tokens; keep typing to narrow them down',
    )
    await write(field, 't119')
    expect(options()).toHaveLength(1)
  })

  it('is that of the rule that is being changed, whatever was typed before', async () => {
    const field = await show()
    await write(field, 'fo')
    workspace.alerts.edit({ id: 'r1', kind: 'price_below', symbol: FOX, price: '1', created_at: 1 })
    await tick()
    expect(screen.getByTestId<HTMLInputElement>('alert-symbol').value).toBe('FOX Tokenk…3VQ5DA')
    expect(field.isConnected).toBe(false)
  })
})
