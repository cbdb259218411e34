/** The browser shell with its real host process, and a window's half of the contract over a real WebSocket. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import WebSocket from 'ws'
import {
  type ClosableHostClient,
  createHostClient,
  openSocketChannel,
  windowProtocol,
} from '../../engine/host/rpc.ts'
import { type BrowserShell, startBrowserShell } from '../../engine/node/browser-shell/index.ts'
import { forkHost } from '../../engine/node/shell/fork-host.ts'
import type { HostProcess } from '../../engine/node/shell/host-supervisor.ts'
import type { PipelineDocument } from '../../engine/pipeline/document.ts'
import { printDocument } from '../../engine/pipeline/parse.ts'

export class AStudio {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'millrace-studio-'))
  shell!: BrowserShell
  client!: ClosableHostClient
  /** The host's processes, in the order of their starts. */
  readonly hosts: HostProcess[] = []

  get dataFolder(): string {
    return path.join(this.folder, 'data')
  }

  async start(): Promise<void> {
    const rendererFolder = path.join(this.folder, 'renderer')
    mkdirSync(rendererFolder, { recursive: true })
    writeFileSync(path.join(rendererFolder, 'index.html'), '<!doctype html>')
    this.shell = await startBrowserShell({
      port: 0,
      rendererFolder,
      host: {
        shell: 'browser',
        version: '0',
        platform: process.platform,
        dataFolder: this.dataFolder,
        homeFolder: this.folder,
      },
      spawnHost: () => {
        const host = forkHost()
        this.hosts.push(host)
        return host
      },
    })
    const { port, url } = this.shell
    const answer = await fetch(url, { redirect: 'manual' })
    const headers = {
      cookie: answer.headers.get('set-cookie')!.split(';')[0]!,
      origin: `http://127.0.0.1:${port}`,
    }
    const key = new URL(answer.headers.get('location')!, url).hash.replace('#window=', '')
    this.client = createHostClient({
      connect: () =>
        openSocketChannel(webSocket(`ws://127.0.0.1:${port}/host`, [windowProtocol, key], headers)),
      sleep: (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs)),
    })
  }

  async stop(): Promise<void> {
    this.client.close()
    await this.shell.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A pipeline's folder below the studio's own, where it is trusted, or elsewhere. */
  write(document: PipelineDocument, files: Readonly<Record<string, string>>, trusted = true): string {
    const folder = path.join(trusted ? path.join(this.dataFolder, 'pipelines') : this.folder, document.id)
    mkdirSync(folder, { recursive: true })
    writeFileSync(path.join(folder, 'pipeline.json'), printDocument(document))
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
      writeFileSync(path.join(folder, name), text)
    }
    return folder
  }
}

/** The browsers' WebSocket sends cookie and origin by itself; Node's needs to be told. */
function webSocket(url: string, protocols: string[], headers: Record<string, string>) {
  const socket = new WebSocket(url, protocols, { headers })
  // A refused upgrade is told by `close`.
  socket.on('error', () => undefined)
  return socket
}
