/** What only the desktop can do for the window; every handler checks who asks. */
import { channels } from './channels.ts'
import type { ElectronApi } from './electron-api.ts'
import { isStudio } from './guards.ts'
import type { StudioWindow } from './window.ts'

export interface NativeEvents {
  onPortRequested(): void
}

export function serveWindow(
  electron: ElectronApi,
  current: () => StudioWindow | undefined,
  events: NativeEvents,
): void {
  const { dialog, ipcMain, shell } = electron
  const choose = async (properties: ('openFile' | 'openDirectory' | 'createDirectory')[], title: string) => {
    const window = current()?.window
    if (!window) return undefined
    const chosen = await dialog.showOpenDialog(window, {
      title,
      properties,
      ...(properties.includes('openFile') ? { filters: [{ name: 'Pipelines', extensions: ['json'] }] } : {}),
    })
    return chosen.canceled ? undefined : chosen.filePaths[0]
  }
  ipcMain.on(channels.requestPort, (event) => {
    if (isStudio(event)) events.onPortRequested()
  })
  ipcMain.on(channels.setUnsaved, (event, unsaved: unknown) => {
    if (isStudio(event)) current()?.setUnsaved(unsaved === true)
  })
  ipcMain.on(channels.revealInFolder, (event, path: unknown) => {
    if (isStudio(event) && typeof path === 'string') shell.showItemInFolder(path)
  })
  ipcMain.handle(channels.chooseFolder, (event, title: unknown) =>
    isStudio(event)
      ? choose(['openDirectory', 'createDirectory'], typeof title === 'string' ? title : '')
      : undefined,
  )
  ipcMain.handle(channels.choosePipeline, (event) =>
    isStudio(event) ? choose(['openFile'], 'Open a pipeline') : undefined,
  )
}
