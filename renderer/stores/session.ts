/** Opening, saving, closing and running the pipeline of this window. */
import { MillraceError } from '../../engine/base/errors.ts'
import { host } from '../host/client.ts'
import { desktop } from '../host/desktop.ts'
import { counted } from '../parts/format.ts'
import { useAnalysis } from './analysis.ts'
import { requestFit } from './canvas-requests.ts'
import { useRunningVersion } from './changed.ts'
import {
  adopt,
  adoptDraft,
  close,
  filesToSave,
  isUnsaved,
  openPipeline,
  patch,
  useDocument,
} from './document-store.ts'
import { showDock } from './layout.ts'
import { isLive, startRun, stopRun, useRun } from './run.ts'
import { clearSelection } from './selection.ts'
import { openDialog, useStudio } from './studio.ts'
import { tellFailure, toast } from './toasts.ts'

export function open(path: string): void {
  guardUnsaved('open another pipeline', () => void openNow(path))
}

/** By the desktop's own dialog, else by the studio's. */
export function choosePipeline(): void {
  const shell = desktop()
  if (!shell) {
    openDialog({ kind: 'open' })
    return
  }
  shell
    .choosePipeline()
    .then((path) => {
      if (path) open(path)
    })
    .catch((thrown) => tellFailure('Open', thrown))
}

/** The one asked for last is the one that is shown. */
let asked = 0

export async function openNow(path: string): Promise<void> {
  const mine = ++asked
  useStudio.setState({ opening: path, openFailure: undefined })
  try {
    const opened = await host().call('pipeline.open', { path })
    if (mine !== asked) return
    adopt(opened)
    if (
      useRun.getState().run?.path === opened.path &&
      useRunningVersion.getState().version?.path !== opened.path
    ) {
      useRunningVersion.setState({
        version: { path: opened.path, document: opened.document, files: opened.files },
      })
    }
    clearSelection()
    requestFit()
    if (opened.draft) offerDraft(opened.path, opened.draft)
  } catch (thrown) {
    if (mine !== asked) return
    const error = MillraceError.from(thrown)
    useStudio.setState({
      openFailure: {
        path,
        what: error.where ? `${error.what} (${error.where})` : error.what,
        remedy: error.remedy,
      },
    })
  } finally {
    if (mine === asked) useStudio.setState({ opening: undefined })
  }
}

/** Another program has written the files: they are taken, unless there are changes of one's own by then. */
export async function takeFromDisk(path: string): Promise<void> {
  const isMine = () => openPipeline()?.path === path
  if (!isMine()) return
  if (!isUnsaved(openPipeline())) {
    const mine = asked
    try {
      const opened = await host().call('pipeline.open', { path })
      if (mine !== asked || !isMine()) return
      if (!isUnsaved(openPipeline())) return adopt(opened)
    } catch (thrown) {
      return tellFailure('Reading the change on disk', thrown)
    }
  }
  patch({ changedOnDisk: true })
}

function offerDraft(
  path: string,
  draft: NonNullable<Parameters<typeof adoptDraft>[0]> & { savedMs: number },
): void {
  openDialog({
    kind: 'confirm',
    title: 'Go on with the unsaved draft?',
    consequence: `The studio ended before these changes were saved, ${new Date(draft.savedMs).toLocaleString()}. Without the draft you see what was saved before.`,
    verb: 'Use the draft',
    run: () => adoptDraft(draft),
    other: { verb: 'Drop it', run: () => void host().call('pipeline.dropDraft', { path }) },
  })
}

export async function createPipeline(name: string, folder: string | undefined): Promise<boolean> {
  try {
    const { path } = await host().call('pipeline.create', { name, folder })
    await openNow(path)
    return true
  } catch (thrown) {
    tellFailure('New pipeline', thrown)
    return false
  }
}

export async function save(): Promise<boolean> {
  const pipeline = openPipeline()
  if (!pipeline) return false
  const { path, document } = pipeline
  const files = filesToSave(pipeline)
  try {
    const { savedMs } = await host().call('pipeline.save', { path, document, files: [...files] })
    // What was typed while it was being written stays unsaved.
    patch({ saved: { document, files }, savedMs, changedOnDisk: false })
    return true
  } catch (thrown) {
    tellFailure('Save', thrown)
    return false
  }
}

export async function saveAs(to: string): Promise<boolean> {
  const pipeline = openPipeline()
  if (!pipeline) return false
  try {
    const { path } = await host().call('pipeline.saveAs', {
      path: pipeline.path,
      to,
      document: pipeline.document,
      files: [...filesToSave(pipeline)],
    })
    await openNow(path)
    return true
  } catch (thrown) {
    tellFailure('Save as', thrown)
    return false
  }
}

export function closePipeline(): void {
  guardUnsaved('close it', () => {
    const path = openPipeline()?.path
    close()
    clearSelection()
    if (path) void host().call('pipeline.dropDraft', { path })
  })
}

/** Copies a data file into the pipeline's folder. Gives its path there. */
export async function bringFile(from: string): Promise<string | undefined> {
  const path = openPipeline()?.path
  if (!path) return undefined
  try {
    const { file, assets } = await host().call('pipeline.bringFile', { path, from })
    if (openPipeline()?.path !== path) return undefined
    patch({ assets })
    toast({ tone: 'done', text: `${file} lies in the pipeline's folder.` })
    return file
  } catch (thrown) {
    tellFailure('Adding the file', thrown)
    return undefined
  }
}

export async function trust(): Promise<void> {
  const path = openPipeline()?.path
  if (!path) return
  try {
    await host().call('pipeline.trust', { path })
    patch({ trusted: true })
  } catch (thrown) {
    tellFailure('Trust', thrown)
  }
}

export async function run(fromStart: boolean): Promise<void> {
  const pipeline = openPipeline()
  if (!pipeline?.trusted) return
  if (isUnsaved(pipeline) && !(await save())) return
  const version = openPipeline()?.saved
  await startRun(pipeline.path, fromStart)
  if (version) useRunningVersion.setState({ version: { path: pipeline.path, ...version } })
  tellProblems()
}

/** Types are advice: code that breaks them may run. What does not compile has failed the run already. */
function tellProblems(): void {
  const errors = useAnalysis.getState().problems.filter(({ severity }) => severity === 'error').length
  if (errors === 0 || !isLive(useRun.getState().run)) return
  toast({
    tone: 'failed',
    text: `It runs, with ${counted(errors, 'problem')}`,
    detail: 'Results may be wrong where the types do not fit.',
    action: { label: 'Show', run: () => showDock('problems') },
  })
}

export function runFromStart(): void {
  openDialog({
    kind: 'confirm',
    title: 'Run from the start?',
    consequence:
      'Committed offsets, state stores and internal topics of this pipeline are dropped, and all of its input is read again. Topics that it writes to keep their records; the new ones come after them.',
    verb: 'Run from start',
    danger: true,
    run: () => void run(true),
  })
}

export async function stop(): Promise<void> {
  await stopRun()
}

export const canRun = () => {
  const pipeline = openPipeline()
  const { run: current, startingPath } = useRun.getState()
  return (
    pipeline?.trusted === true &&
    startingPath === undefined &&
    !(current?.path === pipeline.path && isLive(current))
  )
}

/** A run that has nothing left to read is in nobody's way: it ends, and the new one begins. */
export const canRunFromStart = () => {
  const { run: current, startingPath } = useRun.getState()
  const pipeline = openPipeline()
  const idles = current?.state === 'idle' && current.path === pipeline?.path
  return canRun() || (idles && pipeline?.trusted === true && startingPath === undefined)
}

function guardUnsaved(purpose: string, then: () => void): void {
  const pipeline = openPipeline()
  if (!pipeline || !isUnsaved(pipeline)) {
    then()
    return
  }
  openDialog({
    kind: 'confirm',
    title: `Save "${pipeline.document.name}" first?`,
    consequence: `It has changes that are not saved. They are lost when you ${purpose} without saving.`,
    verb: 'Save',
    run: () =>
      void save().then((saved) => {
        if (saved) then()
      }),
    other: { verb: "Don't save", run: then },
  })
}

const draftAfterMs = 1500

/** Keeps a draft of what is not saved, and sees to it that a closing window asks: the shell's own, or the browser's. */
export function followUnsaved(): () => void {
  const ask = (event: BeforeUnloadEvent) => {
    if (!desktop() && isUnsaved(openPipeline())) event.preventDefault()
  }
  window.addEventListener('beforeunload', ask)
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = useDocument.subscribe(({ pipeline }, before) => {
    if (pipeline === before.pipeline) return
    const unsaved = isUnsaved(pipeline)
    desktop()?.setUnsaved(unsaved)
    clearTimeout(timer)
    if (!pipeline) return
    if (unsaved) timer = setTimeout(() => void saveDraft(), draftAfterMs)
    else if (isUnsaved(before.pipeline))
      void host().call('pipeline.dropDraft', { path: pipeline.path }).catch(tellDraft)
  })
  return () => {
    window.removeEventListener('beforeunload', ask)
    stop()
  }
}

async function saveDraft(): Promise<void> {
  const pipeline = openPipeline()
  if (!pipeline || !isUnsaved(pipeline)) return
  const { path, document } = pipeline
  await host()
    .call('pipeline.saveDraft', { path, document, files: [...filesToSave(pipeline)] })
    .catch(tellDraft)
}

function tellDraft(thrown: unknown): void {
  if (host().connection === 'connected') tellFailure('Keeping a draft', thrown)
}

export async function exportProject(out: string) {
  const pipeline = openPipeline()
  if (!pipeline) return undefined
  if (isUnsaved(pipeline) && !(await save())) return undefined
  const result = await host().call('pipeline.export', { path: pipeline.path, target: 'node', out })
  toast({ tone: 'done', text: `Exported to ${result.out}` })
  return result
}
