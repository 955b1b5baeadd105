import { defineConfig } from "vitest/config";
import { fixtures } from "./dev/fixtures";

const server = process.env.NORMOXIA_SERVER ?? "http://127.0.0.1:8123";

export default defineConfig(({ mode }) => ({
  base: "/",
  // `vite --mode fixtures` answers /api from dev/fixtures; plain `vite` asks a running `normoxia serve`
  plugins: mode === "fixtures" ? [fixtures()] : [],
  server: { proxy: mode === "fixtures" ? undefined : { "/api": { target: server, changeOrigin: false } } },
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  build: {
    outDir: "../src/normoxia/web/static",
    emptyOutDir: true,
    assetsDir: "assets",
    manifest: "manifest.json",
    target: "es2022",
    // a data: style or script would be refused by the Content-Security-Policy
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  test: { environment: "node", include: ["tests/**/*.test.ts", "tests/**/*.test.tsx"] },
}));
