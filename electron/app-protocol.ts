/** `app://studio/…` serves the built renderer and nothing else, with the policy that the browser shell has too. */
import { securityHeaders, staticFile } from '../engine/node/browser-shell/static-files.ts'
import { studioOrigin } from './channels.ts'
import type { ElectronApi } from './electron-api.ts'

/** Before the app is ready, as Electron demands. */
export function declareScheme({ protocol }: ElectronApi): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ])
}

export function serveRenderer({ protocol }: ElectronApi, rendererFolder: string): void {
  protocol.handle('app', (request) => answer(rendererFolder, request))
}

export async function answer(rendererFolder: string, request: Request): Promise<Response> {
  const url = new URL(request.url)
  if (`${url.protocol}//${url.host}` !== studioOrigin || request.method !== 'GET') return refusal(403)
  const file = await staticFile(rendererFolder, url.pathname)
  if (!file) return refusal(404)
  return new Response(new Uint8Array(file.content), {
    headers: { ...securityHeaders, 'Content-Type': file.type },
  })
}

function refusal(status: number): Response {
  return new Response(null, { status, headers: securityHeaders })
}
