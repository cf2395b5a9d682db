/*
 * Builds the pages into dist/: plain HTML files, their scripts and one style sheet. Nothing is inlined, so that
 * the server's content security policy needs no exception; nothing comes from another origin.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const page = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export default defineConfig({
  root: page('./'),
  build: {
    outDir: page('./dist'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: ['index.html', 'watch.html', 'ledger.html', 'stop.html', 'publish.html', 'incident.html'].map(page),
    },
  },
});
