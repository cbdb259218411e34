import path from 'node:path'
import type { HostOptions } from '../../host/options.ts'
import { forkHost } from '../shell/fork-host.ts'
import { type HostProcess, HostSupervisor } from '../shell/host-supervisor.ts'
import { WindowChannels } from './channels.ts'
import { startHttpServer } from './http-server.ts'

export { openBrowser } from './open-browser.ts'

export interface BrowserShellOptions {
  /** 0 takes a free one. */
  readonly port: number
  readonly rendererFolder: string
  readonly host: HostOptions
  /** Tells of a host that died and is started again. */
  readonly onHostDown?: (exitCode: number | null) => void
  readonly spawnHost?: () => HostProcess
}

export interface BrowserShell {
  readonly url: string
  readonly port: number
  stop(): Promise<void>
}

/** The studio in the browser: files, sign-in and channels here, everything else in the host process. */
export async function startBrowserShell(options: BrowserShellOptions): Promise<BrowserShell> {
  const studio = await startHttpServer(options.port, path.resolve(options.rendererFolder))
  const channels = new WindowChannels()
  const host = new HostSupervisor(options.spawnHost ?? forkHost, options.host, {
    onReady: () => undefined,
    onMessage: (message) => channels.receive(message),
    onDown(exitCode) {
      channels.closeAll()
      options.onHostDown?.(exitCode)
    },
  })
  channels.attach(studio, host)
  const stop = async () => {
    await host.stop()
    channels.closeAll()
    studio.server.closeAllConnections()
    await new Promise<void>((resolve) => studio.server.close(() => resolve()))
  }
  try {
    await host.start()
  } catch (thrown) {
    await stop()
    throw thrown
  }
  return { url: studio.url, port: studio.port, stop }
}
