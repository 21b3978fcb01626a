import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const service = process.env.FACTOTUM_URL ?? 'http://127.0.0.1:8787'

/** Writes a compressed copy beside each file that gains from it; the service sends it as it is. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    apply: 'build',
    // When all is on the disk: what other plugins hold in memory is not final before.
    writeBundle({ dir = '' }, bundle) {
      for (const name of Object.keys(bundle)) {
        const bytes = readFileSync(join(dir, name))
        if (bytes.length > 1000 && /\.(m?js|css|html|svg)$/.test(name))
          writeFileSync(join(dir, `${name}.gz`), gzipSync(bytes, { level: 9 }))
      }
    },
  }
}

/** Every browser that the page runs in reads woff2: KaTeX's other forms of its fonts are left out. */
function oneFormOfFonts(): Plugin {
  return {
    name: 'one-form-of-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('katex') || !id.endsWith('.css')) return null
      return code.replaceAll(/,url\([^)]*\.(?:woff|ttf)\) format\("[^"]*"\)/g, '')
    },
  }
}

/** Lays down what pdf.js fetches for some documents only: maps of characters, the standard fonts, decoders. */
function partsOfPdf(): Plugin {
  const home = fileURLToPath(new URL('./node_modules/pdfjs-dist/', import.meta.url))
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string }
  return {
    name: 'parts-of-pdf',
    apply: 'build',
    generateBundle() {
      for (const folder of ['cmaps', 'standard_fonts', 'wasm'])
        for (const name of readdirSync(join(home, folder)).filter((one) => /\.(bcmap|pfb|ttf|wasm)$/.test(one)))
          this.emitFile({
            type: 'asset',
            fileName: `assets/pdf-${version}/${folder}/${name}`,
            source: readFileSync(join(home, folder, name)),
          })
    },
  }
}

export default defineConfig({
  plugins: [oneFormOfFonts(), react(), tailwindcss(), partsOfPdf(), compressed()],
  worker: { format: 'es' },
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    // Inside the Python package: the service finds it by importlib.resources.
    outDir: '../backend/factotum/api/built_page',
    emptyOutDir: true,
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { port: 5173, strictPort: true, proxy: { '/v1': service } },
  test: { include: ['tests/**/*.test.{ts,tsx}'], environment: 'node' },
})
