// A stand-in for the desktop shell: only the shell changes settings.
export const FORM = {
  values: {
    'solana.cluster': 'custom',
    'solana.rpc_url': 'https://rpc.example/?api-key=••••9f3a',
    'solana.ws_url': '',
    'solana.program_id': 'JBMmrp6jhksqnxDBskkmVvWHhJLaPBjgiMHEroJbUTBZ',
    'solana.commitment': 'confirmed',
    'solana.backfill_limit': '10000',
    'server.listen': '127.0.0.1:5051',
    'server.token': '••••2c1d',
    'store.retention_days': '0',
    'kline.intervals': 's1,s5,s15,s30,m1,m5,m15,h1,h4,d1',
    'alerts.webhook': '',
    'updates.url': '',
    'updates.public_key': '',
    'window.gpu': 'never',
  },
  fallback: [
    { rpc_url: 'https://a.example', ws_url: '', stored: 1 },
    { rpc_url: 'https://b.example/v2/••••cdef', ws_url: 'wss://b.example/v2/••••cdef', stored: 2 },
  ],
}

/** Runs in the page: puts a shell in place; what it is asked to save stands in window.saved, and window.answer is what it says. */
export function shell({ form, first }) {
  window.saved = []
  window.answer = { problems: [], error: '', restarted: false, backup: '', app_only: false }
  const checks = [
    { name: 'JSON-RPC', ok: true, text: 'node 2.1.21' },
    { name: 'getSlot', ok: true, text: 'slot 312004117 in 43 ms' },
  ]
  const report = { problem: '', latency_ms: 43, version: '2.1.21', chain: 'mainnet', note: '' }
  const later = (value) => new Promise((resolve) => setTimeout(() => resolve(value), 50))
  const heard = new Map()
  window.runtime = {
    EventsOn(name, take) {
      heard.set(name, take)
      return () => heard.delete(name)
    },
  }
  // What the shell tells, as a test has it tell.
  window.tell = (name, value) => heard.get(name)?.(value)
  window.exported = []
  window.go = {
    app: {
      App: {
        Server: () =>
          later({ base: '', token: sessionStorage.getItem('spinscope.token') ?? '', error: '', ready: true, first }),
        Heartbeat: () => later(),
        Settings: () =>
          later({
            form,
            fixed: { 'server.listen': '--listen' },
            file: '/home/anna/.config/spinscope/config.toml',
            revision: 'r1',
            problem: '',
            stored: ['devnet'],
          }),
        SaveSettings: (change) => {
          window.saved.push(change)
          return later(window.answer)
        },
        TestEndpoint: ({ endpoint }) =>
          later(
            endpoint.stored === 2
              ? {
                  ...report,
                  works: false,
                  checks: [...checks, { name: 'WebSocket', ok: false, text: 'it wants a key' }],
                }
              : {
                  ...report,
                  works: true,
                  checks: [...checks, { name: 'Logs subscription', ok: true, text: 'accepted' }],
                },
          ),
        StopTests: () => later(),
        Export: (asked) => {
          window.exported.push(asked)
          return later(window.exportAnswer ?? '/home/anna/Documents/out.csv')
        },
        StopExport: () => later(window.exported.push('stop')),
        // Given by tests that let the window watch coins.
        ...(window.watchCoin && { WatchCoin: window.watchCoin, UnwatchCoin: window.unwatchCoin }),
      },
    },
  }
}
