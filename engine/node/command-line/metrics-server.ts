import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { prometheusContentType } from '../../metrics/index.ts'
import { listenOnLoopback } from '../browser-shell/listen-on-loopback.ts'

export interface MetricsServer {
  readonly url: string
  close(): Promise<void>
}

const loopbackNames: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]'])

/** Answers `GET /metrics` on loopback. Port 0 takes a free one. @throws MillraceError PORT_IN_USE, NO_PERMISSION */
export async function serveMetrics(port: number, text: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => answer(request, response, text))
  const bound = await listenOnLoopback(server, port, '--metrics-port')
  return {
    url: `http://127.0.0.1:${bound}/metrics`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      return closed
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse, text: () => string): void {
  // A page that has its own name point here must not read what another program's figures are.
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  if (!loopbackNames.has(host)) refuse(response, 403, 'Only by a loopback address.')
  else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'Only GET.')
  else if (request.url?.split('?', 1)[0] !== '/metrics') refuse(response, 404, 'There is only /metrics.')
  else {
    const body = Buffer.from(text())
    response.writeHead(200, { 'Content-Type': prometheusContentType, 'Content-Length': body.length })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
