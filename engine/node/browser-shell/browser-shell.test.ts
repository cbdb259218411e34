import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import WebSocket from 'ws'
import { windowProtocol } from '../../host/socket-channel.ts'
import type { HostProcess } from '../shell/host-supervisor.ts'
import type { FromHost } from '../shell/messages.ts'
import { type BrowserShell, startBrowserShell } from './index.ts'

/** A host process that answers every message of a window with the same bytes, and dies when told to. */
const echoHost = `
process.send({ kind: 'loaded' })
process.on('message', (message) => {
  if (message.kind === 'start') process.send({ kind: 'ready' })
  if (message.kind === 'channel-bytes') {
    if (Buffer.from(message.bytes).toString() === 'die') process.exit(3)
    process.send({ kind: 'channel-bytes', channel: message.channel, bytes: message.bytes })
  }
  if (message.kind === 'stop') process.exit(0)
})
`

let folder: string
let shell: BrowserShell

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'millrace-shell-'))
  const renderer = path.join(folder, 'renderer')
  mkdirSync(path.join(renderer, 'assets'), { recursive: true })
  writeFileSync(path.join(renderer, 'index.html'), '<!doctype html><title>Studio</title>')
  writeFileSync(path.join(renderer, 'assets', 'app.js'), 'export {}')
  writeFileSync(path.join(folder, 'secret.txt'), 'secret')
  writeFileSync(path.join(folder, 'host.mjs'), echoHost)
  shell = await start(0)
})

afterAll(async () => {
  await shell.stop()
  rmSync(folder, { recursive: true, force: true })
})

function start(port: number): Promise<BrowserShell> {
  return startBrowserShell({
    port,
    rendererFolder: path.join(folder, 'renderer'),
    spawnHost,
    host: {
      shell: 'browser',
      version: '0',
      platform: 'linux',
      dataFolder: folder,
      homeFolder: folder,
    },
  })
}

function spawnHost(): HostProcess {
  const child = fork(path.join(folder, 'host.mjs'), [], { serialization: 'advanced' })
  return {
    send: (message) => void child.send(message),
    onMessage: (handler) => void child.on('message', (message: FromHost) => handler(message)),
    onExit: (handler) => void child.on('exit', handler),
    kill: () => void child.kill('SIGKILL'),
  }
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly text: string
}

function get(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: shell.port, path: target, method, headers },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

async function cookie(): Promise<string> {
  const token = new URL(shell.url).searchParams.get('token')
  const answer = await get(`/?token=${token}`)
  return String(answer.headers['set-cookie']).split(';')[0]!
}

/** What the window of a person who signed in has, besides the cookie. */
async function windowKey(): Promise<string> {
  const answer = await get(`/${new URL(shell.url).search}`)
  return new URL(String(answer.headers.location), shell.url).hash.replace('#window=', '')
}

function connect(
  headers: Record<string, string>,
  key: string | undefined,
  target = '/host',
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const protocols = key === undefined ? [] : [windowProtocol, key]
    const socket = new WebSocket(`ws://127.0.0.1:${shell.port}${target}`, protocols, { headers })
    socket.once('open', () => resolve(socket))
    socket.once('unexpected-response', (_, response) => reject(new Error(`status ${response.statusCode}`)))
    socket.once('error', reject)
  })
}

describe('signing in', () => {
  it('swaps the token for a cookie that scripts and other sites can not use, and drops it from the address', async () => {
    const token = new URL(shell.url).searchParams.get('token')
    const answer = await get(`/?token=${token}&pipeline=a`)
    expect(answer.status).toBe(303)
    expect(answer.headers.location).toMatch(/^\/\?pipeline=a#window=[\w-]{32}$/)
    expect(String(answer.headers['set-cookie'])).toMatch(/HttpOnly; SameSite=Lax/)
    expect(String(answer.headers['set-cookie'])).not.toContain(token)
  })

  it('lets the same token in again: the address stays good while the studio runs', async () => {
    expect(await cookie()).toBe(await cookie())
  })

  it('leads nowhere else once the token is dropped', async () => {
    const token = new URL(shell.url).searchParams.get('token')
    const answer = await get(`//elsewhere.example/?token=${token}`)
    expect(answer.headers.location ?? '').not.toMatch(/^\/\//)
  })

  it('serves nothing without the cookie', async () => {
    for (const target of ['/', '/index.html', '/assets/app.js']) expect((await get(target)).status).toBe(401)
  })

  it('refuses a wrong token, and a wrong cookie', async () => {
    expect((await get('/?token=wrong')).status).toBe(401)
    expect((await get('/', { cookie: `millrace-${shell.port}=wrong` })).status).toBe(401)
  })

  it('refuses a name that only points at this machine', async () => {
    const answer = await get('/', { host: `evil.example:${shell.port}`, cookie: await cookie() })
    expect(answer.status).toBe(403)
  })
})

describe('the window’s files', () => {
  it('are served with their type and a strict policy', async () => {
    const page = await get('/', { cookie: await cookie() })
    expect(page.text).toContain('<title>Studio</title>')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'")
    expect(page.headers['x-content-type-options']).toBe('nosniff')
    expect(page.headers['access-control-allow-origin']).toBeUndefined()
    const script = await get('/assets/app.js', { cookie: await cookie() })
    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8')
    expect(script.headers['cache-control']).toContain('immutable')
  })

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..%5csecret.txt',
    '/assets/%00',
    '//secret.txt',
    '/%',
  ])('end at their folder: %s is not there', async (target) => {
    const answer = await get(target, { cookie: await cookie() })
    expect(answer.status).toBe(404)
    expect(answer.text).not.toContain('secret\n')
  })

  it('can only be read', async () => {
    expect((await get('/', { cookie: await cookie() }, 'POST')).status).toBe(405)
  })
})

describe('the window’s channel', () => {
  const origin = () => `http://127.0.0.1:${shell.port}`

  it('carries bytes to the host process and back', async () => {
    const socket = await connect({ cookie: await cookie(), origin: origin() }, await windowKey())
    const echoed = new Promise<string>((resolve) => socket.once('message', (data) => resolve(String(data))))
    socket.send(Buffer.from('grüezi'))
    expect(await echoed).toBe('grüezi')
    socket.close()
  })

  it('is refused to pages of other origins, to none, and without the cookie', async () => {
    const signedIn = await cookie()
    const attempts: Record<string, string>[] = [
      { cookie: signedIn, origin: 'http://evil.example' },
      { cookie: signedIn, origin: `http://localhost:${shell.port}` },
      { cookie: signedIn, origin: `https://127.0.0.1:${shell.port}` },
      { cookie: signedIn },
      { origin: origin() },
    ]
    const key = await windowKey()
    for (const headers of attempts) await expect(connect(headers, key)).rejects.toThrow(/status 40[13]/)
    await expect(connect({ cookie: signedIn, origin: origin() }, key, '/other')).rejects.toThrow('status 404')
  })

  it('is refused to a server on another port, which browsers hand the cookie to', async () => {
    const headers = { cookie: await cookie(), origin: origin() }
    for (const key of [undefined, 'wrong', headers.cookie.split('=')[1]!])
      await expect(connect(headers, key)).rejects.toThrow('status 401')
    const seen = [await get('/', headers), await get('/assets/app.js', headers)]
    expect(JSON.stringify(seen)).not.toContain(await windowKey())
  })

  it('does not end the studio when a refused peer resets its connection', async () => {
    for (let attempt = 0; attempt < 20; attempt++) {
      const socket = connectSocket(shell.port, '127.0.0.1')
      await once(socket, 'connect')
      const lines = ['GET /host HTTP/1.1', 'Host: elsewhere', 'Connection: Upgrade', 'Upgrade: websocket']
      socket.write(`${lines.join('\r\n')}\r\n\r\n`)
      socket.resetAndDestroy()
    }
    expect((await get('/')).status).toBe(401)
  })

  it('ends with the host process, and is there again when that has been started again', async () => {
    const headers = { cookie: await cookie(), origin: origin() }
    const key = await windowKey()
    const socket = await connect(headers, key)
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    socket.send(Buffer.from('die'))
    await closed
    await expect
      .poll(async () => (await connect(headers, key)).readyState, { timeout: 5000 })
      .toBe(WebSocket.OPEN)
  })
})

describe('a port that is taken', () => {
  it('is one clear error', async () => {
    await expect(start(shell.port)).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      where: `127.0.0.1:${shell.port}`,
    })
  })
})
