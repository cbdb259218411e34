/**
 * The system's menu holds what the system expects. The studio's own actions live in its window, where the command palette
 * lists them all with their shortcuts; a second list of them here would have to be kept by hand.
 */
import type { ElectronApi, MenuTemplate } from './electron-api.ts'

export function menuTemplate(platform: NodeJS.Platform): MenuTemplate {
  const application: MenuTemplate = platform === 'darwin' ? [{ role: 'appMenu' }] : []
  return [
    ...application,
    { label: 'File', submenu: [platform === 'darwin' ? { role: 'close' } : { role: 'quit' }] },
    // Without these roles the shortcuts of text fields do nothing on macOS.
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { role: 'toggleDevTools' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    { role: 'windowMenu' },
  ]
}

export function setMenu({ Menu }: ElectronApi, platform: NodeJS.Platform): void {
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(platform)))
}
