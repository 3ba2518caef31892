// Tokens that trade and were created before the stored history, as on a first start beside a busy program.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findings } from './axe.mjs'
import { byId, debug, launch, open, picture, ready, until } from './page.mjs'
import { end, program, startCluster, startServer } from './program.mjs'

let browser
before(async () => {
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await end()
})

test(
  'tokens whose creation is not stored are named by their accounts, listed, ranked, found and shown',
  { skip: !program && 'SPINSCOPE_SERVER is not set' },
  async () => {
    const cluster = await startCluster('--rate', '20', '--mints', '5', '--history', '20m', '--seed', '4')
    const address = await startServer(cluster, '[solana]\nbackfill_limit = 300\n')
    const base = `http://${address}`
    const data = async (path) => (await (await fetch(base + path)).json()).data
    const traded = await until('tokens have traded', async () => {
      const { mints } = await data('/api/mints?which=all&limit=1000')
      return mints.length >= 4 && mints
    })
    assert.deepEqual((await data('/api/mints')).mints, [], 'no creation is stored')

    const page = await open(browser, { at: base })
    const rows = byId(page, 'token-row')
    await until('all are listed', async () => (await rows.count()) >= traded.length)
    await until('they are called what their accounts say', async () => {
      const { tickers } = await data(`/api/tickers?${traded.map((mint) => `mint=${mint}`).join('&')}`)
      const named = tickers.filter((ticker) => ticker.name_source === 'chain' && ticker.symbol)
      const symbols = await rows.evaluateAll((list) => list.map((row) => row.dataset.symbol))
      return named.length === traded.length && named.every(({ symbol }) => symbols.includes(symbol))
    })
    await until('they have prices and changes', async () =>
      (await byId(page, 'token-change').allTextContents()).every((text) => /%/.test(text)),
    )
    await byId(page, 'token-tab-gainers').click()
    await until('they are ranked by rise', async () => {
      const shown = await rows.evaluateAll((list) => list.map((row) => row.dataset.mint))
      const { tickers } = await data('/api/tickers?sort_by=change_desc')
      return tickers.length >= 4 && JSON.stringify(shown) === JSON.stringify(tickers.map(({ mint }) => mint))
    })
    await byId(page, 'token-search').fill(traded[1].slice(0, 8))
    await until('the address finds one', async () => (await rows.count()) === 1)
    await rows.first().click()
    await until('it is shown', async () => (await debug(page)).mint === traded[1])
    await ready(page)
    await byId(page, 'token-search').fill('')
    const { tickers } = await data(`/api/tickers?mint=${traded[1]}`)
    assert.equal(await byId(page, 'symbol').getAttribute('title'), `${tickers[0].symbol}, ${tickers[0].name}`)
    await byId(page, 'side-info').click()
    assert.match(await byId(page, 'older').textContent(), /before the stored history.*account.*--backfill-from/s)
    assert.match(await byId(page, 'info').textContent(), /Market cap\s*\S+ SOL\s*Supply\s*1\.07B/)
    assert.match(await byId(page, 'info').textContent(), /Milestones\s*–/)
    assert.deepEqual(await findings(page), [])
    await picture(page, 'older-tokens')
    await byId(page, 'gaps').click()
    await byId(page, 'gaps-dialog').waitFor()
    assert.match(await byId(page, 'gaps-dialog').textContent(), /To read further back: serve --backfill-from/)
    await picture(page, 'older-gaps')
    assert.deepEqual(page.complaints, [])
    await page.context().close()
  },
)
