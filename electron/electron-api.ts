/** The part of Electron that the shell touches: `main.ts` gives the real one, tests a fake that is checked against the same types. */
import type * as electron from 'electron'

export type ElectronApi = Pick<
  typeof electron,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'MessageChannelMain'
  | 'protocol'
  | 'screen'
  | 'session'
  | 'shell'
  | 'utilityProcess'
>

export type BrowserWindow = electron.BrowserWindow
export type WebContents = electron.WebContents
export type Rectangle = electron.Rectangle
export type MessagePortMain = electron.MessagePortMain
export type MenuTemplate = electron.MenuItemConstructorOptions[]
