import type { Configuration } from 'electron-builder'

declare const config: Configuration & { readonly electronVersion: string }
export default config
