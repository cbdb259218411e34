import { readFile } from 'node:fs/promises'
import path from 'node:path'

export interface StaticFile {
  readonly content: Buffer
  readonly type: string
  /** Its name holds a hash of its content. */
  readonly immutable: boolean
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * The file that a URL's path names below `folder`; undefined when there is none, when its kind is unknown, or when the path
 * leads out of the folder, in whatever spelling.
 */
export async function staticFile(folder: string, urlPath: string): Promise<StaticFile | undefined> {
  const relative = decoded(urlPath)
  if (relative === undefined) return undefined
  const file = path.join(folder, relative === '/' ? 'index.html' : relative)
  if (!file.startsWith(folder + path.sep)) return undefined
  const type = types[path.extname(file).toLowerCase()]
  if (type === undefined) return undefined
  try {
    return { content: await readFile(file), type, immutable: relative.startsWith('/assets/') }
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined
    throw thrown
  }
}

function decoded(urlPath: string): string | undefined {
  let text: string
  try {
    text = decodeURIComponent(urlPath)
  } catch {
    return undefined // not percent-encoded text
  }
  const isPlain = text.startsWith('/') && !/[\0\\:]/.test(text) && !text.split('/').includes('..')
  return isPlain ? text : undefined
}

function isAbsent(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined
  return code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR'
}

/** The same for both shells. Vite and Monaco need inline styles and WebAssembly, and nothing else beyond their own files. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ')

export const securityHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
}
