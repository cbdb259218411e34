/** The desktop shell: one window, one host process, and nothing of the studio's own work. */
import type { HostOptions } from '../engine/host/options.ts'
import { HostSupervisor } from '../engine/node/shell/host-supervisor.ts'
import { declareScheme, serveRenderer } from './app-protocol.ts'
import { channels } from './channels.ts'
import type { ElectronApi } from './electron-api.ts'
import { denyPermissions } from './guards.ts'
import { type DesktopHostProcess, spawnHost } from './host-process.ts'
import { setMenu } from './menu.ts'
import { serveWindow } from './native.ts'
import { OpenRequests, pipelineOfLink, pipelinesAmong } from './open-requests.ts'
import { openWindow, type StudioWindow } from './window.ts'
import { WorkerProcesses } from './worker-processes.ts'

export interface DesktopOptions {
  readonly rendererFolder: string
  readonly preload: string
  readonly hostEntry: string
  readonly dataFolder: string
  /** What follows the program on the command line. */
  readonly args: readonly string[]
  readonly workingFolder: string
  readonly platform: NodeJS.Platform
  readonly host: Omit<HostOptions, 'shell' | 'openPath' | 'dataFolder' | 'platform'>
  readonly log: (text: string) => void
}

/** Returns at once; false when another studio is running already and has been told what to open. */
export function startDesktop(electron: ElectronApi, options: DesktopOptions): boolean {
  if (!electron.app.requestSingleInstanceLock()) {
    electron.app.quit()
    return false
  }
  declareScheme(electron)
  new Desktop(electron, options).listen()
  return true
}

class Desktop {
  readonly #electron: ElectronApi
  readonly #options: DesktopOptions
  readonly #requests = new OpenRequests()
  #supervisor: HostSupervisor | undefined
  #host: DesktopHostProcess | undefined
  /** Processes that the host asked for. */
  #runners: WorkerProcesses | undefined
  #window: StudioWindow | undefined
  /** The window asked for a port while there was no host. */
  #portOwed = false
  #stopped = false

  constructor(electron: ElectronApi, options: DesktopOptions) {
    this.#electron = electron
    this.#options = options
  }

  listen(): void {
    const { app } = this.#electron
    for (const pipeline of pipelinesAmong(this.#options.args, this.#options.workingFolder))
      this.#requests.add(pipeline)
    app.on('open-file', (event, file) => {
      event.preventDefault()
      this.#requests.add(file)
    })
    app.on('open-url', (event, link) => {
      event.preventDefault()
      const pipeline = pipelineOfLink(link)
      if (pipeline !== undefined) this.#requests.add(pipeline)
    })
    app.on('second-instance', (_event, args, folder) => {
      for (const pipeline of pipelinesAmong(args.slice(1), folder)) this.#requests.add(pipeline)
      this.#showWindow()
    })
    app.on('window-all-closed', () => {
      if (this.#options.platform !== 'darwin') app.quit()
    })
    app.on('activate', () => this.#showWindow())
    app.on('will-quit', (event) => this.#stopHostFirst(event))
    void app.whenReady().then(() => this.#start())
  }

  #start(): void {
    denyPermissions(this.#electron)
    serveRenderer(this.#electron, this.#options.rendererFolder)
    setMenu(this.#electron, this.#options.platform)
    serveWindow(this.#electron, () => this.#window, { onPortRequested: () => this.#givePort() })
    this.#startHost()
    this.#showWindow()
  }

  #startHost(): void {
    const openPath = this.#requests.takeFirst()
    const { host, dataFolder, platform } = this.#options
    const supervisor = new HostSupervisor(
      () => {
        const host = spawnHost(this.#electron, this.#options.hostEntry)
        this.#host = host
        this.#runners = new WorkerProcesses(this.#electron, (message) => host.send(message))
        return host
      },
      { ...host, shell: 'electron', dataFolder, platform, ...(openPath === undefined ? {} : { openPath }) },
      {
        onReady: () => this.#hostReady(),
        onMessage: (message) => this.#runners?.receive(message),
        onDown: (exitCode) => {
          this.#host = undefined
          this.#runners?.killAll()
          this.#options.log(`the engine's process ended (${exitCode ?? 'killed'})`)
        },
      },
    )
    this.#supervisor = supervisor
    supervisor.start().catch((error: Error) => {
      this.#electron.dialog.showErrorBox('Millrace cannot start', error.message)
      this.#electron.app.quit()
    })
  }

  #hostReady(): void {
    this.#requests.deliverTo((pipeline) => this.#supervisor?.send({ kind: 'open', path: pipeline }))
    if (this.#portOwed) this.#givePort()
  }

  /** A new port whenever the window asks; it asks again when its port is closed, as it is when the host dies. */
  #givePort(): void {
    this.#portOwed = !this.#supervisor?.ready
    const contents = this.#window?.window.webContents
    if (this.#portOwed || !contents) return
    const { port1, port2 } = new this.#electron.MessageChannelMain()
    this.#host?.givePort(port1)
    contents.postMessage(channels.port, null, [port2])
  }

  #showWindow(): void {
    if (!this.#electron.app.isReady()) return
    const shown = this.#window?.window
    if (shown && !shown.isDestroyed()) {
      if (shown.isMinimized()) shown.restore()
      shown.focus()
      return
    }
    this.#window = openWindow(
      this.#electron,
      { preload: this.#options.preload, dataFolder: this.#options.dataFolder },
      this.#options.log,
    )
    this.#window.window.on('closed', () => {
      this.#window = undefined
    })
  }

  /** The host stops its runs and its cluster in order before the program ends. */
  #stopHostFirst(event: { preventDefault(): void }): void {
    if (this.#stopped || !this.#supervisor) return
    event.preventDefault()
    const stop = async () => {
      await this.#supervisor?.stop()
      this.#stopped = true
      this.#electron.app.quit()
    }
    void stop()
  }
}
