import { svelte } from '@sveltejs/vite-plugin-svelte'
import { svelteTesting } from '@testing-library/svelte/vite'
import { defineConfig } from 'vitest/config'

// `npm run dev` shows the page of a running server: SPINSCOPE_BASE=http://127.0.0.1:5051 npm run dev
const server = process.env['SPINSCOPE_BASE'] ?? 'http://127.0.0.1:5051'

// The server's guard wants its own origin, so the proxy speaks in its name.
const proxied = { target: server, changeOrigin: true, ws: true, headers: { origin: server } }

export default defineConfig({
  plugins: [svelte()],
  base: './',
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, chunkSizeWarningLimit: 600 },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': proxied, '/socket.io': proxied, '/healthz': proxied, '/readyz': proxied },
  },
  test: {
    projects: [
      // src/api talks to real servers, which do not run under a browser's module conditions.
      { test: { name: 'node', environment: 'node', include: ['src/api/**/*.test.ts', 'tools/**/*.test.ts'] } },
      {
        extends: true,
        plugins: [svelteTesting()],
        test: {
          name: 'dom',
          environment: 'happy-dom',
          include: ['src/**/*.test.ts'],
          exclude: ['src/api/**'],
          setupFiles: ['src/test-setup.ts'],
        },
      },
    ],
  },
})
