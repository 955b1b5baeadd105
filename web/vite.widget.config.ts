/** The mechanism player of notebooks, as one module with its styles inside (`normoxia.mechanism_player` ships it). */

import { defineConfig } from "vite";

export default defineConfig({
  esbuild: { jsx: "automatic", jsxImportSource: "preact", legalComments: "none" },
  define: { "process.env.NODE_ENV": '"production"' },
  build: {
    outDir: "../src/normoxia/api/widget",
    emptyOutDir: true,
    target: "es2022",
    copyPublicDir: false,
    minify: "esbuild",
    lib: { entry: "src/mechanism/widget.tsx", formats: ["es"], fileName: () => "player.js" },
  },
});
