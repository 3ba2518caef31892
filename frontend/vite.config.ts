import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

// `npm run dev` shows the page of a running server: SPINSCOPE_BASE=http://127.0.0.1:5051 npm run dev
const server = process.env['SPINSCOPE_BASE'] ?? 'http://127.0.0.1:5051'

// The server's guard wants its own origin, so the proxy speaks in its name.
const proxied = { target: server, changeOrigin: true, ws: true, headers: { origin: server } }

/** A test may wait so long: the machine may have much else to do. */
const PATIENCE_MS = 120_000

/** The development server injects styles and talks over a socket of its own; the built page keeps its strict policy. */
const policyOfDevelopment: Plugin = {
  name: 'policy-of-development',
  apply: 'serve',
  transformIndexHtml: (html) =>
    html.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'").replace('connect-src', 'connect-src ws:'),
}

export default defineConfig({
  plugins: [svelte(), policyOfDevelopment],
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 600 },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': proxied, '/socket.io': proxied, '/healthz': proxied, '/readyz': proxied },
  },
  test: {
    projects: [
      // src/api talks to real servers, which do not run under a browser's module conditions.
      {
        test: {
          name: 'node',
          environment: 'node',
          include: ['src/api/**/*.test.ts', 'tools/**/*.test.ts'],
          testTimeout: PATIENCE_MS,
        },
      },
      {
        extends: true,
        plugins: [svelteTesting()],
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: ['src/**/*.test.ts'],
          exclude: ['src/api/**'],
          setupFiles: ['src/test-setup.ts'],
          testTimeout: PATIENCE_MS,
        },
      },
    ],
  },
})
