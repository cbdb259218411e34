import { useState } from 'react'
import { desktop } from '../host/desktop.ts'
import { Button, Select } from '../parts/controls.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { keysText } from '../parts/keys.ts'
import { commands } from '../stores/commands.ts'
import { useDocument } from '../stores/document-store.ts'
import { setLayout, type ThemeChoice, useLayout } from '../stores/layout.ts'
import { bringFile, createPipeline, open, saveAs } from '../stores/session.ts'
import { openDialog, type Dialog as Shown, useStudio } from '../stores/studio.ts'
import { ExportDialog } from './export-dialog.tsx'
import { FileBrowser } from './file-browser.tsx'

const close = () => openDialog(undefined)

/** The dialog that is open, if one is. */
export function Dialogs() {
  const dialog = useStudio((state) => state.dialog)
  if (!dialog) return null
  switch (dialog.kind) {
    case 'confirm':
      return <ConfirmDialog dialog={dialog} />
    case 'export':
      return <ExportDialog />
    case 'settings':
      return <SettingsDialog />
    case 'shortcuts':
      return <ShortcutsDialog />
    case 'new':
      return <NewDialog />
    case 'open':
      return <OpenDialog />
    case 'save-as':
      return <SaveAsDialog />
    case 'bring-file':
      return <BringFileDialog dialog={dialog} />
  }
}

function ConfirmDialog({ dialog }: { readonly dialog: Extract<Shown, { kind: 'confirm' }> }) {
  const { title, consequence, verb, danger, run, other } = dialog
  const choose = (action: () => void) => () => {
    close()
    action()
  }
  return (
    <Dialog
      title={title}
      text={consequence}
      close={close}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          {other && <Button onClick={choose(other.run)}>{other.verb}</Button>}
          {/* Enter does what the dialog is about, unless that takes something away. */}
          <Button autoFocus={!danger} look={danger ? 'danger' : 'primary'} onClick={choose(run)}>
            {verb}
          </Button>
        </>
      }
    />
  )
}

function NewDialog() {
  const [name, setName] = useState('')
  const [busy, setBusy] = useState(false)
  const folder = useStudio((state) => state.info?.pipelinesFolder)
  const create = async () => {
    setBusy(true)
    if (await createPipeline(name.trim(), undefined)) close()
    else setBusy(false)
  }
  return (
    <Dialog title="New pipeline" text={folder && `It gets a folder of its own in ${folder}.`} close={close}>
      <form
        className="field"
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') void create()
        }}
      >
        <label htmlFor="new-name">Name</label>
        <input
          id="new-name"
          className="input"
          value={name}
          autoComplete="off"
          onChange={(event) => setName(event.target.value)}
        />
        <div className="dialog-actions">
          <Button onClick={close}>Cancel</Button>
          <Button look="primary" type="submit" disabled={busy || name.trim() === ''}>
            Create pipeline
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function OpenDialog() {
  return (
    <Dialog title="Open a pipeline" wide close={close} buttons={<Button onClick={close}>Cancel</Button>}>
      <FileBrowser
        choose={(path) => {
          close()
          open(path)
        }}
      />
    </Dialog>
  )
}

function BringFileDialog({ dialog }: { readonly dialog: Extract<Shown, { kind: 'bring-file' }> }) {
  return (
    <Dialog
      title="Add a data file"
      text="It is copied into the pipeline's folder, so that the pipeline runs wherever that folder goes."
      wide
      close={close}
      buttons={<Button onClick={close}>Cancel</Button>}
    >
      <FileBrowser
        extensions={dialog.extensions}
        choose={async (path) => {
          close()
          const file = await bringFile(path)
          if (file) dialog.chosen?.(file)
        }}
      />
    </Dialog>
  )
}

function SaveAsDialog() {
  const path = useDocument((state) => state.pipeline?.path ?? '')
  const [folder, setFolder] = useState<string>()
  const [name, setName] = useState(
    `${path
      .replace(/\/pipeline\.json$/, '')
      .split('/')
      .at(-1)}-copy`,
  )
  const to = folder && `${folder.replace(/\/$/, '')}/${name.trim()}`
  return (
    <Dialog
      title="Save as"
      text="The pipeline's folder is copied with its code and data; the copy is opened."
      wide
      close={close}
      buttons={
        <>
          <Button onClick={close}>Cancel</Button>
          <Button
            look="primary"
            disabled={!to || name.trim() === ''}
            onClick={async () => {
              if (to && (await saveAs(to))) close()
            }}
          >
            Save a copy
          </Button>
        </>
      }
    >
      <div className="field">
        <label htmlFor="save-name">Folder's name</label>
        <input
          id="save-name"
          className="input mono"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <FileBrowser folders onFolder={setFolder} />
      {to && <p className="faint mono ellipsis">{to}</p>}
    </Dialog>
  )
}

const themes = [
  { value: 'system', label: 'As the system' },
  { value: 'dark', label: 'Dark' },
  { value: 'light', label: 'Light' },
]

function SettingsDialog() {
  const { theme, minimap } = useLayout()
  const info = useStudio((state) => state.info)
  return (
    <Dialog
      title="Settings"
      close={close}
      buttons={
        <Button look="primary" onClick={close}>
          Done
        </Button>
      }
    >
      <div className="field">
        <label htmlFor="settings-theme">Colours</label>
        <Select
          id="settings-theme"
          options={themes}
          value={theme}
          onChange={(event) => setLayout({ theme: event.target.value as ThemeChoice })}
        />
      </div>
      <label className="check">
        <input
          type="checkbox"
          checked={minimap}
          onChange={(event) => setLayout({ minimap: event.target.checked })}
        />
        Show the minimap
      </label>
      {info && (
        <dl className="about">
          <dt>Version</dt>
          <dd>{info.version}</dd>
          <dt>Shell</dt>
          <dd>{info.shell}</dd>
          <dt>Data</dt>
          <dd className="row">
            <span className="mono ellipsis grow">{info.dataFolder}</span>
            {desktop() && (
              <Button look="small" onClick={() => desktop()?.revealInFolder(info.dataFolder)}>
                Show
              </Button>
            )}
          </dd>
        </dl>
      )}
    </Dialog>
  )
}

const gestures: readonly (readonly [string, string])[] = [
  ['arrows', 'Move the selected nodes'],
  ['mod+arrows', 'Go to the next node that way'],
  ['tab', 'Go through nodes and edges'],
  ['mod+c', 'Copy'],
  ['mod+x', 'Cut'],
  ['mod+v', 'Paste'],
  ['/', 'Find a node, or filter the records'],
  ['g', 'Records: go to an offset or a time'],
  ['f', 'Records: follow the tail'],
  ['enter', 'Records: open the record beside'],
]

function ShortcutsDialog() {
  const listed = commands.filter((command) => command.keys)
  return (
    <Dialog
      title="Keyboard shortcuts"
      wide
      close={close}
      buttons={
        <Button look="primary" onClick={close}>
          Done
        </Button>
      }
    >
      <ul className="shortcuts scroll">
        {listed.map((command) => (
          <li key={command.id}>
            <span>{command.title}</span>
            <kbd>{keysText(command.keys!)}</kbd>
          </li>
        ))}
        {gestures.map(([keys, title]) => (
          <li key={title}>
            <span>{title}</span>
            <kbd>{keysText(keys)}</kbd>
          </li>
        ))}
      </ul>
    </Dialog>
  )
}
