/** What the desktop shell's preload script exposes, by name. Absent in a browser. */
export interface DesktopShell {
  /** A port to the host arrives as a window message `millrace-port`. */
  requestPort(): void
  /** Asks before the window closes while it is true. */
  setUnsaved(unsaved: boolean): void
  chooseFolder(title: string): Promise<string | undefined>
  choosePipeline(): Promise<string | undefined>
  revealInFolder(path: string): void
}

declare global {
  interface Window {
    readonly millrace?: DesktopShell
  }
}

export const desktop = (): DesktopShell | undefined => window.millrace
