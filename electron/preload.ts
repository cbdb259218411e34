/** Exposes named functions and one port; never `ipcRenderer` itself. */
import { contextBridge, ipcRenderer } from 'electron'
import { channels } from './channels.ts'

ipcRenderer.on(channels.port, (event) => {
  // Ports can not cross the bridge; they can be posted to the page, which takes them from its own window only.
  window.postMessage('millrace-port', location.origin, [...event.ports])
})

contextBridge.exposeInMainWorld('millrace', {
  requestPort: () => ipcRenderer.send(channels.requestPort),
  setUnsaved: (unsaved: boolean) => ipcRenderer.send(channels.setUnsaved, unsaved === true),
  chooseFolder: (title: string) => ipcRenderer.invoke(channels.chooseFolder, String(title)),
  choosePipeline: () => ipcRenderer.invoke(channels.choosePipeline),
  revealInFolder: (path: string) => ipcRenderer.send(channels.revealInFolder, String(path)),
})
