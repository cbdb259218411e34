/** What a window may not do: leave the studio, open others, ask for permissions, be spoken for by another page. */
import { studioOrigin } from './channels.ts'
import type { ElectronApi, WebContents } from './electron-api.ts'

/** Of the one session that windows use. */
export function denyPermissions({ session }: ElectronApi): void {
  session.defaultSession.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.defaultSession.setPermissionCheckHandler(() => false)
  session.defaultSession.setDevicePermissionHandler(() => false)
}

/** Links to the web open in the person's browser, https only; nothing opens in the studio. */
export function confine({ shell }: ElectronApi, contents: WebContents): void {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isHttps(url)) void shell.openExternal(url)
    return { action: 'deny' }
  })
}

function isHttps(text: string): boolean {
  return URL.canParse(text) && new URL(text).protocol === 'https:'
}

export interface Sender {
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null
}

/** Only the studio's own top frame is listened to. */
export function isStudio(event: Sender): boolean {
  const frame = event.senderFrame
  return (
    frame !== null && frame.parent === null && URL.canParse(frame.url) && originOf(frame.url) === studioOrigin
  )
}

/** `URL.origin` is "null" for schemes that the URL standard does not know. */
function originOf(text: string): string {
  const url = new URL(text)
  return `${url.protocol}//${url.host}`
}
