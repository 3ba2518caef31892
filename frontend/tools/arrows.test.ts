import { ESLint } from 'eslint'
import { expect, it } from 'vitest'

const eslint = new ESLint({ cwd: new URL('..', import.meta.url).pathname })

// The rules that keep the layout are worth nothing if they stop biting unnoticed.
it.each([
  ['src/views/x.ts', "import { createChart } from 'lightweight-charts'", 'no-restricted-imports'],
  ['src/state/x.ts', "import { PriceChart } from '../chart/price-chart'", 'no-restricted-imports'],
  ['src/market/x.ts', "import { Rest } from '../api/rest'", 'no-restricted-imports'],
  ['src/market/x.ts', "import { tick } from 'svelte'", 'no-restricted-imports'],
  ['src/ui/x.ts', "import { copyText } from '../native'", 'no-restricted-imports'],
  ['src/state/x.ts', "import { io } from 'socket.io-client'", 'no-restricted-imports'],
  ['src/views/x.ts', 'window.go.app.App.Server()', 'no-restricted-syntax'],
  ['src/api/x.ts', "window.runtime.EventsOn('x')", 'no-restricted-syntax'],
])('%s must not say %s', async (filePath, code, rule) => {
  const [result] = await eslint.lintText(`${code}\n`, { filePath })
  expect(result?.messages.map((message) => message.ruleId)).toContain(rule)
})

it('lets through what the arrows allow', async () => {
  const code = "import { Rest } from '../api/rest'\nimport { copyText } from '../native'\nexport { copyText, Rest }\n"
  const [result] = await eslint.lintText(code, { filePath: 'src/state/x.ts' })
  expect(result?.messages).toEqual([])
})
