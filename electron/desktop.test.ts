import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { channels } from './channels.ts'
import { type DesktopOptions, startDesktop } from './desktop.ts'
import { FakeElectron } from './testing/fake-electron.ts'

let electron: FakeElectron
let folder: string

beforeEach(() => {
  electron = new FakeElectron()
  folder = path.join(mkdtempSync(path.join(tmpdir(), 'millrace-desktop-')), 'renderer')
  mkdirSync(folder)
  writeFileSync(path.join(folder, 'index.html'), '<!doctype html>')
})

function options(changes: Partial<DesktopOptions> = {}): DesktopOptions {
  return {
    rendererFolder: folder,
    preload: '/preload.cjs',
    hostEntry: '/host.mjs',
    dataFolder: folder,
    args: [],
    workingFolder: '/home/someone',
    platform: 'linux',
    host: { version: '1.0.0', homeFolder: '/home/someone' },
    log: () => undefined,
    ...changes,
  }
}

async function start(changes: Partial<DesktopOptions> = {}) {
  startDesktop(electron.api, options(changes))
  await new Promise((resolve) => setImmediate(resolve))
  return { host: electron.processes[0]!, window: electron.windows[0]! }
}

const fromStudio = { senderFrame: { url: 'app://studio/', parent: null } }

/** Brings the host up as a real one would. */
function hostUp(index = 0): void {
  electron.processes[index]!.says({ kind: 'loaded' })
  electron.processes[index]!.says({ kind: 'ready' })
}

describe('the window', () => {
  it('is isolated, sandboxed and without Node', async () => {
    const { window } = await start()
    expect(window.options.webPreferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
    })
    expect(window.loaded).toEqual(['app://studio/'])
  })

  it('goes nowhere else, and opens only https links, outside', async () => {
    const { window } = await start()
    let prevented = 0
    window.webContents.events.emit('will-navigate', { preventDefault: () => prevented++ })
    window.webContents.events.emit('will-attach-webview', { preventDefault: () => prevented++ })
    expect(prevented).toBe(2)
    const open = (url: string) =>
      window.webContents.openHandler!({
        url,
        frameName: '',
        features: '',
        disposition: 'new-window',
        referrer: { url: '', policy: 'default' },
      })
    for (const url of [
      'https://kafka.apache.org/',
      'http://127.0.0.1/',
      'file:///etc/passwd',
      'javascript:1',
      'nonsense',
    ])
      expect(open(url)).toEqual({ action: 'deny' })
    expect(electron.opened).toEqual(['https://kafka.apache.org/'])
  })

  it('is granted no permission', async () => {
    await start()
    const answers: boolean[] = []
    electron.permissionRequest!(
      electron.windows[0]!.webContents as never,
      'media',
      (granted) => answers.push(granted),
      {} as never,
    )
    expect(answers).toEqual([false])
    expect(electron.permissionCheck!(null, 'media', '', {} as never)).toBe(false)
  })

  it('asks before it closes with unsaved changes, and stays when told to', async () => {
    const { window } = await start()
    electron.ipc.emit(channels.setUnsaved, fromStudio, true)
    expect(window.edited).toBe(true)
    electron.choice = 0
    expect(window.close()).toBe(false)
    electron.choice = 1
    expect(window.close()).toBe(true)
  })

  it('is not told anything by a frame that is not the studio', async () => {
    const { window } = await start()
    for (const senderFrame of [
      null,
      { url: 'https://evil.example/', parent: null },
      { url: 'app://studio/', parent: {} },
      { url: 'app://other/', parent: null },
    ]) {
      electron.ipc.emit(channels.setUnsaved, { senderFrame }, true)
      electron.ipc.emit(channels.revealInFolder, { senderFrame }, '/etc')
    }
    expect(window.edited).toBe(false)
    expect(electron.revealed).toEqual([])
  })
})

describe('the host', () => {
  it('gives the window a port when both are there, whoever comes first', async () => {
    const { host, window } = await start()
    electron.ipc.emit(channels.requestPort, fromStudio)
    expect(window.webContents.posted).toEqual([])
    hostUp()
    expect(window.webContents.posted).toEqual([{ channel: channels.port, ports: 1 }])
    expect(host.received.at(-1)).toEqual({ message: { kind: 'port' }, ports: 1 })
  })

  it('is started again after it died, and its port is given anew', async () => {
    const { window } = await start()
    hostUp()
    electron.processes[0]!.events.emit('exit', 1)
    electron.ipc.emit(channels.requestPort, fromStudio)
    await expect.poll(() => electron.processes.length, { timeout: 5000 }).toBe(2)
    hostUp(1)
    expect(window.webContents.posted).toHaveLength(1)
  })

  it('is stopped before the program ends', async () => {
    const { host } = await start()
    hostUp()
    electron.app.quit()
    expect(host.received.at(-1)?.message).toEqual({ kind: 'stop' })
    expect(electron.app.quits).toBe(1)
    host.events.emit('exit', 0)
    await expect.poll(() => electron.app.quits).toBe(2)
  })
})

describe('a process that the host asks for', () => {
  it('is started by main, and their messages are carried both ways', async () => {
    const { host } = await start()
    hostUp()
    host.says({ kind: 'process-start', id: 7, entry: '/runner.mjs', heapBytesMax: 64 * 2 ** 20 })
    const runner = electron.processes[1]!
    host.says({ kind: 'process-message', id: 7, message: { kind: 'message', value: 'go' } })
    expect(runner.received.at(-1)?.message).toEqual({ kind: 'message', value: 'go' })
    runner.says({ kind: 'up' })
    expect(host.received.at(-1)?.message).toEqual({ kind: 'process-said', id: 7, message: { kind: 'up' } })
    host.says({ kind: 'process-kill', id: 7 })
    expect(runner.killed).toBe(true)
    runner.events.emit('exit', 9)
    expect(host.received.at(-1)?.message).toEqual({ kind: 'process-ended', id: 7, exitCode: 9 })
  })

  it('ends with its host', async () => {
    const { host } = await start()
    hostUp()
    host.says({ kind: 'process-start', id: 1, entry: '/runner.mjs', heapBytesMax: undefined })
    host.events.emit('exit', 1)
    expect(electron.processes[1]!.killed).toBe(true)
  })
})

describe('what the system asks to open', () => {
  it('waits until the host is there, and is opened, never run', async () => {
    const { host } = await start({ args: ['--flag', 'first'] })
    electron.app.events.emit('open-file', { preventDefault: () => undefined }, '/pipelines/second')
    electron.app.events.emit(
      'open-url',
      { preventDefault: () => undefined },
      'millrace://open?path=%2Fpipelines%2Fthird',
    )
    electron.app.events.emit(
      'open-url',
      { preventDefault: () => undefined },
      'millrace://run?path=%2Fpipelines%2Fbad',
    )
    hostUp()
    const messages = host.received.map(({ message }) => message)
    expect(messages[0]).toMatchObject({
      kind: 'start',
      options: { openPath: '/home/someone/first', shell: 'electron' },
    })
    expect(messages.slice(1)).toEqual([
      { kind: 'open', path: '/pipelines/second' },
      { kind: 'open', path: '/pipelines/third' },
    ])
  })

  it('comes to the studio that runs already', async () => {
    electron.app.taken = true
    expect(startDesktop(electron.api, options())).toBe(false)
    expect(electron.processes).toEqual([])
    electron.app.taken = false
    const { host, window } = await start()
    hostUp()
    electron.app.events.emit('second-instance', {}, ['millrace', 'mine'], '/elsewhere')
    expect(host.received.at(-1)?.message).toEqual({ kind: 'open', path: '/elsewhere/mine' })
    expect(window.focused).toBe(1)
  })
})

describe('app://studio', () => {
  const get = (url: string, method = 'GET') => electron.serve!(new Request(url, { method }))

  it('serves the renderer under the policy', async () => {
    await start()
    const page = await get('app://studio/')
    expect(page.status).toBe(200)
    expect(page.headers.get('Content-Security-Policy')).toContain("default-src 'none'")
  })

  it.each([
    'app://studio/../secret.html',
    'app://studio/%2e%2e/secret.html',
    'app://studio/..%2fsecret.html',
    'app://studio/%2e%2e%5csecret.html',
    'app://studio//etc/passwd',
    'app://other/index.html',
  ])('serves nothing for %s', async (url) => {
    writeFileSync(path.join(path.dirname(folder), 'secret.html'), 'secret')
    await start()
    expect((await get(url)).status).toBeGreaterThanOrEqual(403)
  })
})
