import { randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Who may talk to the studio: whoever has opened its address with the token once, in this browser. The token is valid
 * while the process lives. It is swapped for two other secrets: a cookie, for which the window's files are given, and a
 * key, without which there is no socket. Browsers send cookies to every port of this machine, whatever serves there; the
 * key is never in a request but the socket's own.
 */
export class SignIn {
  readonly token = randomBytes(24).toString('base64url')
  readonly windowKey = randomBytes(24).toString('base64url')
  readonly #session = randomBytes(24).toString('base64url')
  readonly #port: number

  constructor(port: number) {
    this.#port = port
  }

  isToken(given: string): boolean {
    return isSame(given, this.token)
  }

  /**
   * The name keeps two studios apart. Lax: it has to be sent when the way here began in a file that opened the browser;
   * what it gives is the window's files alone.
   */
  get cookie(): string {
    return `${this.#cookieName}=${this.#session}; Path=/; HttpOnly; SameSite=Lax`
  }

  isSignedIn(request: IncomingMessage): boolean {
    for (const part of (request.headers.cookie ?? '').split(';')) {
      const [name, value] = part.trim().split('=')
      if (name === this.#cookieName && value !== undefined && isSame(value, this.#session)) return true
    }
    return false
  }

  hasWindowKey(request: IncomingMessage): boolean {
    const offered = request.headers['sec-websocket-protocol'] ?? ''
    return offered.split(',').some((protocol) => isSame(protocol.trim(), this.windowKey))
  }

  /** A page elsewhere whose name was made to point at this machine sends its own name. */
  isLoopbackHost(request: IncomingMessage): boolean {
    return this.#hosts.includes(request.headers.host ?? '')
  }

  isOwnOrigin(request: IncomingMessage): boolean {
    return this.isLoopbackHost(request) && request.headers.origin === `http://${request.headers.host}`
  }

  get #hosts(): readonly string[] {
    return [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`]
  }

  get #cookieName(): string {
    return `millrace-${this.#port}`
  }
}

function isSame(given: string, expected: string): boolean {
  const left = Buffer.from(given)
  const right = Buffer.from(expected)
  return left.length === right.length && timingSafeEqual(left, right)
}
