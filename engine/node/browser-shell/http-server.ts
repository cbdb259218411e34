import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { MillraceError } from '../../base/errors.ts'
import { listenOnLoopback } from './listen-on-loopback.ts'
import { SignIn } from './sign-in.ts'
import { securityHeaders, staticFile } from './static-files.ts'

export interface StudioServer {
  readonly server: Server
  readonly signIn: SignIn
  readonly port: number
  /** With the token: whoever opens it is signed in. */
  readonly url: string
}

/** Serves the window's files on loopback. Port 0 takes a free one. @throws MillraceError PORT_IN_USE, NO_PERMISSION */
export async function startHttpServer(port: number, rendererFolder: string): Promise<StudioServer> {
  let signIn: SignIn | undefined
  const server = createServer((request, response) => {
    if (!signIn) return refuse(response, 503, 'The studio is starting.')
    answer(request, response, signIn, rendererFolder).catch((thrown) => {
      refuse(response, 500, `The studio could not answer: ${MillraceError.from(thrown).message}`)
    })
  })
  const bound = await listenOnLoopback(server, port, '--port')
  signIn = new SignIn(bound)
  return { server, signIn, port: bound, url: `http://127.0.0.1:${bound}/?token=${signIn.token}` }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  signIn: SignIn,
  folder: string,
): Promise<void> {
  if (!signIn.isLoopbackHost(request)) return refuse(response, 403, 'This address is not the studio’s.')
  if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Only GET.')
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
  const token = url.searchParams.get('token')
  if (token !== null) return swapToken(response, signIn, token, url)
  if (!signIn.isSignedIn(request)) {
    return refuse(response, 401, 'Open the address that the studio printed when it started, with its token.')
  }
  const file = await staticFile(folder, rawPath(request.url ?? '/'))
  if (!file) return refuse(response, 404, 'There is no such page.')
  response.writeHead(200, {
    ...securityHeaders,
    'Content-Type': file.type,
    'Content-Length': file.content.length,
    'Cache-Control': file.immutable ? 'private, max-age=31536000, immutable' : 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : file.content)
}

/** `URL` would fold `..` away before it can be refused. */
function rawPath(target: string): string {
  return target.split(/[?#]/, 1)[0]!
}

/** The token goes from the address as soon as it has been used: addresses are shown, kept in histories and shared. */
function swapToken(response: ServerResponse, signIn: SignIn, token: string, url: URL): void {
  if (!signIn.isToken(token)) {
    refuse(response, 401, 'This address is of an earlier start. Open the one that the studio printed last.')
    return
  }
  url.searchParams.delete('token')
  response.writeHead(303, {
    ...securityHeaders,
    'Set-Cookie': signIn.cookie,
    // One slash: two would name another host. What follows the # stays in the browser.
    Location: `/${url.pathname.replace(/^\/+/, '')}${url.search}#window=${signIn.windowKey}`,
    'Cache-Control': 'no-store',
  })
  response.end()
}

function refuse(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { ...securityHeaders, 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
