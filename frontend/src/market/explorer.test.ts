import { expect, test } from 'vitest'
import { explorerLink } from './explorer'

const mint = 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ'

test.each([
  ['mainnet', 'address', mint, `https://explorer.solana.com/address/${mint}`],
  ['custom', 'tx', mint + mint, `https://explorer.solana.com/tx/${mint + mint}`],
  ['devnet', 'tx', mint + mint, `https://explorer.solana.com/tx/${mint + mint}?cluster=devnet`],
  [
    'localnet',
    'address',
    mint,
    `https://explorer.solana.com/address/${mint}?cluster=custom&customUrl=http%3A%2F%2F127.0.0.1%3A8899`,
  ],
  ['demo', 'tx', mint + mint, ''],
  ['', 'tx', mint + mint, ''],
  ['mainnet', 'address', '../../evil?x=', ''],
] as const)('an explorer of %s for a %s', (cluster, what, id, link) => {
  expect(explorerLink(cluster, what, id)).toBe(link)
})
