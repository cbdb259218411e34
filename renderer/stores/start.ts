/** What the window does from its first moment: settings, connection, events of the host, what runs already. */
import { host, onSignedOut } from '../host/client.ts'
import { followDocument } from './analysis.ts'
import { adoptCluster, awaitCluster, followCluster } from './cluster.ts'
import { openPipeline, patch, useDocument } from './document-store.ts'
import { layoutSettings, restoreLayout, useLayout } from './layout.ts'
import { addFailure, adoptRun, refreshRun } from './run.ts'
import { followUnsaved, open, openNow, takeFromDisk } from './session.ts'
import { useStudio } from './studio.ts'
import { followTheme } from './theme.ts'
import { tellFailure } from './toasts.ts'

/** A reload of the window comes back to the same pipeline. */
const openKey = 'millrace.open'

export async function startStudio(): Promise<void> {
  followTheme()
  followDocument()
  followUnsaved()
  followConnection()
  followEvents()
  rememberOpen()
  followCluster()
  try {
    const [info, { settings }] = await Promise.all([
      host().call('studio.info', {}),
      host().call('studio.settings', {}),
    ])
    restoreLayout(settings)
    useStudio.setState({ info })
    rememberLayout(settings)
    await refreshRun()
    const path = info.openPath ?? sessionStorage.getItem(openKey) ?? undefined
    // Unless the person has been quicker.
    if (path && !openPipeline() && !useStudio.getState().opening) await openNow(path)
  } catch (thrown) {
    tellFailure('Starting', thrown)
  }
}

function rememberOpen(): void {
  useDocument.subscribe(({ pipeline }, before) => {
    if (pipeline?.path === before.pipeline?.path) return
    if (pipeline) sessionStorage.setItem(openKey, pipeline.path)
    else sessionStorage.removeItem(openKey)
  })
}

function followConnection(): void {
  onSignedOut(() => useStudio.setState({ signedOut: true }))
  host().onConnection((connection) => {
    useStudio.setState({ connection, lostMs: connection === 'lost' ? Date.now() : undefined })
    if (connection === 'connected') {
      useStudio.setState({ signedOut: false })
      void refreshRun()
      void awaitCluster()
    }
  })
  if (host().connection === 'connected') useStudio.setState({ connection: 'connected' })
}

function followEvents(): void {
  host().on('run.changed', ({ run }) => adoptRun(run))
  host().on('run.problem', addFailure)
  host().on('cluster.changed', ({ cluster }) => adoptCluster(cluster))
  host().on('pipeline.openRequested', ({ path }) => open(path))
  host().on('pipeline.changedOnDisk', ({ path }) => void takeFromDisk(path))
  host().on('pipeline.assetsChanged', ({ path, assets }) => {
    if (openPipeline()?.path === path) patch({ assets })
  })
}

const settleMs = 800

function rememberLayout(kept: Readonly<Record<string, unknown>>): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  useLayout.subscribe((layout, before) => {
    const next = layoutSettings(layout)
    const previous = layoutSettings(before)
    if (Object.keys(next).every((name) => next[name] === previous[name])) return
    clearTimeout(timer)
    timer = setTimeout(() => {
      const settings = Object.fromEntries(
        Object.entries({ ...kept, ...next }).filter(([, value]) => value !== undefined),
      )
      host()
        .call('studio.saveSettings', { settings })
        .catch((thrown) => {
          if (host().connection === 'connected') tellFailure('Keeping the settings', thrown)
        })
    }, settleMs)
  })
}
