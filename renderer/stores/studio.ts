/** The window as a whole: which view, the connection, what the host says of itself, and the dialog that is open. */
import { create } from 'zustand'
import type { Output } from '../../engine/host/contract.ts'

export type Dialog =
  | { readonly kind: 'export' }
  | { readonly kind: 'settings' }
  | { readonly kind: 'shortcuts' }
  | { readonly kind: 'new' }
  | { readonly kind: 'open' }
  | { readonly kind: 'save-as' }
  /** A data file for the pipeline's folder, and the field that is to name it. */
  | {
      readonly kind: 'bring-file'
      readonly extensions: readonly string[]
      readonly chosen?: (file: string) => void
    }
  | {
      readonly kind: 'confirm'
      readonly title: string
      readonly consequence: string
      readonly verb: string
      readonly danger?: boolean
      readonly run: () => void
      /** A second way on, such as "Save and close". */
      readonly other?: { readonly verb: string; readonly run: () => void }
    }

export interface Studio {
  readonly info: Output<'studio.info'> | undefined
  readonly connection: 'connecting' | 'connected' | 'lost'
  readonly lostMs: number | undefined
  /** The studio does not know this browser: it has to be opened by its address again. */
  readonly signedOut: boolean
  readonly dialog: Dialog | undefined
  readonly palette: boolean
  /** A path that is being opened. */
  readonly opening: string | undefined
  readonly openFailure: { readonly path: string; readonly what: string; readonly remedy?: string } | undefined
}

export const useStudio = create<Studio>(() => ({
  info: undefined,
  connection: 'connecting',
  lostMs: undefined,
  signedOut: false,
  dialog: undefined,
  palette: false,
  opening: undefined,
  openFailure: undefined,
}))

export const openDialog = (dialog: Dialog | undefined) => useStudio.setState({ dialog })
export const openPalette = (palette: boolean) => useStudio.setState({ palette })
