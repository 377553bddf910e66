import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

// `npm run dev` against a running console: DUCHA_CONSOLE=http://127.0.0.1:8080 npm run dev
const server = process.env["DUCHA_CONSOLE"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../static",
    emptyOutDir: true,
    target: "es2022",
    // Everything is a file of our own: nothing inlined, so that the content security policy can stay strict.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1500,
    rollupOptions: { output: { manualChunks: { map: ["maplibre-gl"] } } },
  },
  server: { proxy: { "/api": server } },
});
