/** The studio's window: locked down, remembered, and closed only when nothing unsaved is lost. */
import path from 'node:path'
import { studioOrigin } from './channels.ts'
import type { BrowserWindow, ElectronApi } from './electron-api.ts'
import { confine } from './guards.ts'
import { placed, readWindowState, smallest, writeWindowState } from './window-state.ts'

export interface WindowPlaces {
  readonly preload: string
  readonly dataFolder: string
}

export interface StudioWindow {
  readonly window: BrowserWindow
  setUnsaved(unsaved: boolean): void
}

export function openWindow(
  electron: ElectronApi,
  places: WindowPlaces,
  onLog: (text: string) => void,
): StudioWindow {
  const stateFile = path.join(places.dataFolder, 'window.json')
  const saved = readWindowState(stateFile)
  const workAreas = electron.screen.getAllDisplays().map((display) => display.workArea)
  const window = new electron.BrowserWindow({
    ...placed(saved?.bounds, workAreas),
    minWidth: smallest.width,
    minHeight: smallest.height,
    show: false,
    title: 'Millrace',
    backgroundColor: '#0b0e11',
    webPreferences: {
      preload: places.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      spellcheck: false,
    },
  })
  if (saved?.maximized) window.maximize()
  confine(electron, window.webContents)
  let unsaved = false
  window.once('ready-to-show', () => window.show())
  window.on('close', (event) => {
    if (unsaved && !mayClose(electron, window)) {
      event.preventDefault()
      return
    }
    writeWindowState(stateFile, { bounds: window.getNormalBounds(), maximized: window.isMaximized() }).catch(
      (error: Error) => onLog(`the window's place was not saved: ${error.message}`),
    )
  })
  void window.loadURL(`${studioOrigin}/`)
  return {
    window,
    setUnsaved(value) {
      unsaved = value
      window.setDocumentEdited(value)
    },
  }
}

/** Asked at once, since `close` has to be answered at once. */
function mayClose(electron: ElectronApi, window: BrowserWindow): boolean {
  const choice = electron.dialog.showMessageBoxSync(window, {
    type: 'warning',
    message: 'The pipeline has changes that are not saved.',
    detail: 'A draft of them is kept and offered when you open the pipeline again.',
    buttons: ['Keep the window open', 'Close without saving'],
    defaultId: 0,
    cancelId: 0,
  })
  return choice === 1
}
