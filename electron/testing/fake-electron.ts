/**
 * Electron without its binary. Each member has the type that `electron.d.ts` gives it, so a call that Electron would not
 * take does not compile here either; what the shell did is kept for tests to look at.
 */
import { EventEmitter } from 'node:events'
import type * as electron from 'electron'
import type { ElectronApi, Rectangle } from '../electron-api.ts'

/** Any member may be missing; those that are there take what Electron's take. */
type Parts<T> = { [Member in keyof T]?: Part<T[Member]> }

type Part<T> = T extends (...args: infer Args) => unknown
  ? (...args: Args) => unknown
  : T extends abstract new (
        ...args: infer Args
      ) => infer Made
    ? (new (...args: Args) => Parts<Made>) | Parts<T>
    : Parts<T>

type MenuEntries = Parameters<typeof electron.Menu.buildFromTemplate>[0]

type Listener = (...args: never[]) => void

class FakeEmitter {
  readonly events = new EventEmitter()
  on = (name: string, listener: Listener) => {
    this.events.on(name, listener as (...args: unknown[]) => void)
    return this
  }
  once = (name: string, listener: Listener) => {
    this.events.once(name, listener as (...args: unknown[]) => void)
    return this
  }
}

export class FakeApp extends FakeEmitter {
  ready = false
  quits = 0
  /** Another studio holds the lock. */
  taken = false
  requestSingleInstanceLock = () => !this.taken
  whenReady = async () => {
    this.ready = true
  }
  isReady = () => this.ready
  quit = () => {
    this.quits++
    const event = { prevented: false, preventDefault: () => undefined }
    event.preventDefault = () => {
      event.prevented = true
    }
    this.events.emit('will-quit', event)
  }
}

export class FakeWebContents extends FakeEmitter {
  openHandler: Parameters<electron.WebContents['setWindowOpenHandler']>[0] | undefined
  readonly posted: { channel: string; ports: number }[] = []
  setWindowOpenHandler: electron.WebContents['setWindowOpenHandler'] = (handler) => {
    this.openHandler = handler
  }
  postMessage: electron.WebContents['postMessage'] = (channel, _message, transfer) => {
    this.posted.push({ channel, ports: transfer?.length ?? 0 })
  }
}

export class FakeWindow extends FakeEmitter {
  readonly webContents = new FakeWebContents()
  readonly options: electron.BrowserWindowConstructorOptions
  readonly loaded: string[] = []
  focused = 0
  edited = false
  maximized = false
  constructor(options: electron.BrowserWindowConstructorOptions = {}) {
    super()
    this.options = options
  }
  loadURL: electron.BrowserWindow['loadURL'] = async (url) => {
    this.loaded.push(url)
  }
  show = () => undefined
  focus = () => {
    this.focused++
  }
  maximize = () => {
    this.maximized = true
  }
  restore = () => undefined
  isMinimized = () => false
  isMaximized = () => this.maximized
  isDestroyed = () => false
  setDocumentEdited = (edited: boolean) => {
    this.edited = edited
  }
  getNormalBounds = (): Rectangle => {
    const { x = 0, y = 0, width = 0, height = 0 } = this.options
    return { x, y, width, height }
  }
  /** As the person's click on the close button; true when it closed. */
  close(): boolean {
    let prevented = false
    this.events.emit('close', {
      preventDefault: () => {
        prevented = true
      },
    })
    if (!prevented) this.events.emit('closed')
    return !prevented
  }
}

export class FakeUtilityProcess extends FakeEmitter {
  readonly received: { message: unknown; ports: number }[] = []
  killed = false
  postMessage: electron.UtilityProcess['postMessage'] = (message, transfer) => {
    this.received.push({ message, ports: transfer?.length ?? 0 })
  }
  kill = () => {
    this.killed = true
    return true
  }
  /** What the host sends. */
  says(message: object): void {
    this.events.emit('message', message)
  }
}

export class FakeElectron {
  readonly app = new FakeApp()
  readonly windows: FakeWindow[] = []
  readonly processes: FakeUtilityProcess[] = []
  readonly opened: string[] = []
  readonly revealed: string[] = []
  readonly errors: string[] = []
  readonly ipc = new EventEmitter()
  readonly handlers = new Map<string, Parameters<electron.IpcMain['handle']>[1]>()
  readonly schemes: electron.CustomScheme[] = []
  permissionRequest: Parameters<electron.Session['setPermissionRequestHandler']>[0] = null
  permissionCheck: Parameters<electron.Session['setPermissionCheckHandler']>[0] = null
  serve: Parameters<electron.Protocol['handle']>[1] | undefined
  menu: MenuEntries = []
  /** The answer to the next question of `showMessageBoxSync`. */
  choice = 0
  displays: Rectangle[] = [{ x: 0, y: 0, width: 1920, height: 1080 }]

  readonly api: ElectronApi

  constructor() {
    const parts = this.#parts()
    this.api = parts as ElectronApi
  }

  #parts(): Parts<ElectronApi> {
    const self = this
    const window = class extends FakeWindow {
      constructor(options?: electron.BrowserWindowConstructorOptions) {
        super(options)
        self.windows.push(this)
      }
    }
    return {
      app: this.app,
      BrowserWindow: window,
      dialog: {
        showMessageBoxSync: () => this.choice,
        showErrorBox: (title: string, content: string) => void this.errors.push(`${title}: ${content}`),
        showOpenDialog: async () => ({ canceled: false, filePaths: ['/chosen'] }),
      },
      ipcMain: {
        on: (channel: string, listener: Listener) =>
          void this.ipc.on(channel, listener as (...args: unknown[]) => void),
        handle: (channel: string, listener: Parameters<electron.IpcMain['handle']>[1]) =>
          void this.handlers.set(channel, listener),
      },
      Menu: {
        buildFromTemplate: (template: MenuEntries) => {
          this.menu = template
        },
        setApplicationMenu: () => undefined,
      },
      MessageChannelMain: class {
        readonly port1 = {}
        readonly port2 = {}
      },
      protocol: {
        registerSchemesAsPrivileged: (schemes: electron.CustomScheme[]) => void this.schemes.push(...schemes),
        handle: (_scheme: string, handler: Parameters<electron.Protocol['handle']>[1]) => {
          this.serve = handler
        },
      },
      screen: { getAllDisplays: () => this.displays.map((workArea) => ({ workArea }) as electron.Display) },
      session: {
        defaultSession: {
          setPermissionRequestHandler: (
            handler: Parameters<electron.Session['setPermissionRequestHandler']>[0],
          ) => {
            this.permissionRequest = handler
          },
          setPermissionCheckHandler: (
            handler: Parameters<electron.Session['setPermissionCheckHandler']>[0],
          ) => {
            this.permissionCheck = handler
          },
          setDevicePermissionHandler: () => undefined,
        },
      },
      shell: {
        openExternal: async (url: string) => void this.opened.push(url),
        showItemInFolder: (path: string) => void this.revealed.push(path),
      },
      utilityProcess: {
        fork: () => {
          const child = new FakeUtilityProcess()
          this.processes.push(child)
          return child
        },
      },
    }
  }
}
