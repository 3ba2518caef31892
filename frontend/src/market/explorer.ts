/** What an explorer has a page of. */
export type Explored = 'tx' | 'address'

/** What goes behind an address of explorer.solana.com, by cluster. Of the simulated market it knows nothing. */
const QUERIES: Record<string, string> = {
  mainnet: '',
  devnet: '?cluster=devnet',
  localnet: `?cluster=custom&customUrl=${encodeURIComponent('http://127.0.0.1:8899')}`,
  // Whose chain an own endpoint serves is not told to the page; most serve the real one.
  custom: '',
}

const BASE58 = /^[1-9A-HJ-NP-Za-km-z]{32,88}$/

/** The explorer's page of a transaction or an account; empty where there is none. */
export function explorerLink(cluster: string, what: Explored, id: string): string {
  const query = QUERIES[cluster]
  return query === undefined || !BASE58.test(id) ? '' : `https://explorer.solana.com/${what}/${id}${query}`
}
