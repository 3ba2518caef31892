import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

// The import arrows: views → ui, state → chart, api → market. A folder may import itself and what stands in its row.
const arrows = {
  market: [],
  api: ['market'],
  chart: ['market'],
  state: ['market', 'api', 'native'],
  ui: ['market'],
  views: ['market', 'api', 'chart', 'state', 'ui', 'native'],
}
const folders = Object.keys(arrows)

function arrow(folder) {
  const forbidden = [...folders, 'native'].filter((other) => other !== folder && !arrows[folder].includes(other))
  const patterns = forbidden.map((other) => ({
    regex: `^(\\.\\./)+${other}(/|$|\\.)`,
    message: `src/${folder} must not import ${other}; the arrows are in eslint.config.js.`,
  }))
  if (folder !== 'chart')
    patterns.push({ regex: '^lightweight-charts', message: 'Only src/chart imports lightweight-charts.' })
  if (folder !== 'api')
    patterns.push({ regex: '^socket\\.io-client', message: 'Only src/api imports socket.io-client.' })
  if (folder === 'market')
    patterns.push({ regex: '^[^.]', message: 'src/market is pure: it imports nothing from outside.' })
  return {
    files: [`src/${folder}/**/*.{ts,svelte}`],
    ignores: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  }
}

const wailsOnly = ['go', 'runtime'].flatMap((name) => [
  {
    selector: `MemberExpression[object.name=/^(window|globalThis)$/][property.name='${name}']`,
    message: `Only src/native.ts touches window.${name}.`,
  },
])

export default ts.config(
  { ignores: ['dist/**', 'node_modules/**', 'src/api/client/wire.gen.ts', 'src/wailsjs/**'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
  },
  { files: ['*.{js,ts}', 'tools/**', 'e2e/**'], languageOptions: { globals: { ...globals.node } } },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      // Maps and sets here are working memory on purpose; what the views read is $state.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
  { files: ['tools/**', 'e2e/**'], rules: { 'no-console': 'off' } },
  {
    files: ['src/**/*.{ts,svelte}'],
    ignores: ['src/native.ts', '**/*.test.ts'],
    rules: { 'no-restricted-syntax': ['error', ...wailsOnly] },
  },
  ...folders.map(arrow),
)
