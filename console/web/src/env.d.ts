/// <reference types="vite/client" />

// hls.js without what a recording has no use for; it ships one set of types for both builds.
declare module "hls.js/light" {
  export * from "hls.js";
  export { default } from "hls.js";
}
