/** Every action has a name, a place in the palette, and most a shortcut. Menus, buttons and keys all run these. */

import { requestCanvas, requestFit } from './canvas-requests.ts'
import { isUnsaved, openPipeline } from './document-store.ts'
import {
  autoLayout,
  canEdit,
  canRedo,
  canUndo,
  copySelection,
  cutSelection,
  duplicateSelection,
  hasSelectedNode,
  hasSelection,
  pasteFromClipboard,
  redoStep,
  removeSelection,
  selectAll,
  selectAlong,
  toggleBypass,
  undoStep,
} from './edit-actions.ts'
import {
  type DockTab,
  type Overlay,
  type SidePanel,
  setLayout,
  showDock,
  toggleSide,
  useLayout,
} from './layout.ts'
import { showCodeOf, showTopic, topicOf } from './reveal.ts'
import { isLive, useRun } from './run.ts'
import { useSelection } from './selection.ts'
import {
  canRun,
  canRunFromStart,
  choosePipeline,
  closePipeline,
  run,
  runFromStart,
  save,
  stop,
} from './session.ts'
import { openDialog, openPalette, useStudio } from './studio.ts'
import { changeZoom, focusCanvas } from './view-actions.ts'

export interface Command {
  readonly id: string
  readonly title: string
  readonly group: 'Run' | 'File' | 'Edit' | 'Canvas' | 'View' | 'Studio'
  readonly keys?: string
  /** Works while a text field has the focus too. */
  readonly everywhere?: boolean
  readonly enabled?: () => boolean
  readonly run: () => void
}

const opened = () => openPipeline() !== undefined
const running = () => isLive(useRun.getState().run)
const only = () => [...useSelection.getState().nodes][0]

const runCommands: readonly Command[] = [
  {
    id: 'run',
    title: 'Run',
    group: 'Run',
    keys: 'mod+enter',
    everywhere: true,
    enabled: canRun,
    run: () => void run(false),
  },
  {
    id: 'stop',
    title: 'Stop',
    group: 'Run',
    keys: 'mod+.',
    everywhere: true,
    enabled: running,
    run: () => void stop(),
  },
  {
    id: 'run-from-start',
    title: 'Run from the start…',
    group: 'Run',
    enabled: canRunFromStart,
    run: runFromStart,
  },
]

const fileCommands: readonly Command[] = [
  { id: 'new', title: 'New pipeline…', group: 'File', keys: 'alt+n', run: () => openDialog({ kind: 'new' }) },
  {
    id: 'open',
    title: 'Open…',
    group: 'File',
    keys: 'mod+o',
    everywhere: true,
    run: () => choosePipeline(),
  },
  {
    id: 'save',
    title: 'Save',
    group: 'File',
    keys: 'mod+s',
    everywhere: true,
    enabled: () => opened() && (isUnsaved(openPipeline()) || openPipeline()?.changedOnDisk === true),
    run: () => void save(),
  },
  {
    id: 'save-as',
    title: 'Save as…',
    group: 'File',
    keys: 'mod+shift+s',
    everywhere: true,
    enabled: opened,
    run: () => openDialog({ kind: 'save-as' }),
  },
  {
    id: 'export',
    title: 'Export…',
    group: 'File',
    keys: 'mod+e',
    everywhere: true,
    enabled: opened,
    run: () => openDialog({ kind: 'export' }),
  },
  { id: 'close', title: 'Close pipeline', group: 'File', enabled: opened, run: closePipeline },
]

const editCommands: readonly Command[] = [
  { id: 'undo', title: 'Undo', group: 'Edit', keys: 'mod+z', enabled: canUndo, run: undoStep },
  { id: 'redo', title: 'Redo', group: 'Edit', keys: 'mod+shift+z', enabled: canRedo, run: redoStep },
  { id: 'cut', title: 'Cut', group: 'Edit', enabled: hasSelectedNode, run: () => void cutSelection() },
  { id: 'copy', title: 'Copy', group: 'Edit', enabled: hasSelectedNode, run: () => void copySelection() },
  { id: 'paste', title: 'Paste', group: 'Edit', enabled: canEdit, run: () => void pasteFromClipboard() },
  {
    id: 'duplicate',
    title: 'Duplicate',
    group: 'Edit',
    keys: 'mod+d',
    enabled: hasSelectedNode,
    run: duplicateSelection,
  },
  {
    id: 'delete',
    title: 'Delete',
    group: 'Edit',
    keys: 'delete',
    enabled: hasSelection,
    run: () => removeSelection(false),
  },
  {
    id: 'delete-heal',
    title: 'Delete and heal the wire',
    group: 'Edit',
    keys: 'mod+delete',
    enabled: hasSelectedNode,
    run: () => removeSelection(true),
  },
  { id: 'bypass', title: 'Bypass', group: 'Edit', keys: 'b', enabled: hasSelectedNode, run: toggleBypass },
  { id: 'select-all', title: 'Select all', group: 'Edit', keys: 'mod+a', enabled: opened, run: selectAll },
  {
    id: 'select-up',
    title: 'Select upstream',
    group: 'Edit',
    enabled: hasSelectedNode,
    run: () => selectAlong('up'),
  },
  {
    id: 'select-down',
    title: 'Select downstream',
    group: 'Edit',
    enabled: hasSelectedNode,
    run: () => selectAlong('down'),
  },
]

const canvasCommands: readonly Command[] = [
  {
    id: 'add-node',
    title: 'Add a node…',
    group: 'Canvas',
    keys: 'a',
    enabled: opened,
    run: () => requestCanvas({ kind: 'pick' }),
  },
  {
    id: 'connect',
    title: 'Connect to…',
    group: 'Canvas',
    keys: 'c',
    enabled: hasSelectedNode,
    run: () => requestCanvas({ kind: 'connect' }),
  },
  {
    id: 'edit-code',
    title: 'Edit the code',
    group: 'Canvas',
    keys: 'enter',
    enabled: hasSelectedNode,
    run: () => {
      const node = only()
      if (node && !showCodeOf(node)) setLayout({ inspectorOpen: true, inspectorTab: 'form' })
    },
  },
  {
    id: 'show-records',
    title: 'Show its records',
    group: 'Canvas',
    keys: 'r',
    enabled: () => hasSelectedNode() && topicOf(only()!) !== undefined,
    run: () => showTopic(topicOf(only()!)!),
  },
  {
    id: 'layout',
    title: 'Arrange automatically',
    group: 'Canvas',
    keys: 'alt+l',
    enabled: opened,
    run: () => void autoLayout(),
  },
  {
    id: 'fit',
    title: 'Fit everything',
    group: 'Canvas',
    keys: '1',
    enabled: opened,
    run: () => requestFit(),
  },
  {
    id: 'fit-selection',
    title: 'Fit the selection',
    group: 'Canvas',
    keys: '2',
    enabled: hasSelectedNode,
    run: () => requestFit([...useSelection.getState().nodes]),
  },
  {
    id: 'zoom-in',
    title: 'Zoom in',
    group: 'Canvas',
    keys: 'mod+=',
    enabled: opened,
    run: () => changeZoom('in'),
  },
  {
    id: 'zoom-out',
    title: 'Zoom out',
    group: 'Canvas',
    keys: 'mod+-',
    enabled: opened,
    run: () => changeZoom('out'),
  },
  {
    id: 'zoom-actual',
    title: 'Zoom to 100 %',
    group: 'Canvas',
    keys: 'mod+0',
    enabled: opened,
    run: () => changeZoom('actual'),
  },
  {
    id: 'focus-canvas',
    title: 'Go to the canvas',
    group: 'Canvas',
    keys: 'mod+1',
    everywhere: true,
    enabled: opened,
    run: focusCanvas,
  },
]

const sides: readonly (readonly [SidePanel, string])[] = [
  ['nodes', 'Nodes'],
  ['files', 'Files'],
  ['topics', 'Topics'],
  ['groups', 'Consumer groups'],
  ['cluster', 'Cluster'],
]
const docks: readonly (readonly [DockTab, string])[] = [
  ['records', 'Records'],
  ['code', 'Code'],
  ['problems', 'Problems'],
  ['log', 'Log'],
  ['metrics', 'Metrics'],
]
const overlays: readonly Overlay[] = ['throughput', 'lag', 'busy', 'errors']

const viewCommands: readonly Command[] = [
  ...sides.map(
    ([side, title], i): Command => ({
      id: `side-${side}`,
      title: `Panel: ${title}`,
      group: 'View',
      keys: `alt+${i + 1}`,
      everywhere: true,
      enabled: opened,
      run: () => toggleSide(side),
    }),
  ),
  ...docks.map(
    ([dock, title]): Command => ({
      id: `dock-${dock}`,
      title: `Dock: ${title}`,
      group: 'View',
      enabled: opened,
      run: () => showDock(dock),
    }),
  ),
  {
    id: 'toggle-dock',
    title: 'Show or hide the dock',
    group: 'View',
    keys: 'mod+j',
    everywhere: true,
    enabled: opened,
    run: () => setLayout({ dockOpen: !useLayout.getState().dockOpen }),
  },
  {
    id: 'toggle-inspector',
    title: 'Show or hide the inspector',
    group: 'View',
    keys: 'mod+i',
    everywhere: true,
    enabled: opened,
    run: () => setLayout({ inspectorOpen: !useLayout.getState().inspectorOpen }),
  },
  ...overlays.map(
    (overlay): Command => ({
      id: `overlay-${overlay}`,
      title: `Overlay: ${overlay}`,
      group: 'View',
      enabled: opened,
      run: () => setLayout({ overlay }),
    }),
  ),
  {
    id: 'minimap',
    title: 'Show or hide the minimap',
    group: 'View',
    enabled: opened,
    run: () => setLayout({ minimap: !useLayout.getState().minimap }),
  },
  ...(['system', 'dark', 'light'] as const).map(
    (theme): Command => ({
      id: `theme-${theme}`,
      title: theme === 'system' ? 'Colours: as the system' : `Colours: ${theme}`,
      group: 'View',
      run: () => setLayout({ theme }),
    }),
  ),
]

const studioCommands: readonly Command[] = [
  {
    id: 'palette',
    title: 'Search or run a command',
    group: 'Studio',
    keys: 'mod+k',
    everywhere: true,
    run: () => openPalette(!useStudio.getState().palette),
  },
  {
    id: 'settings',
    title: 'Settings',
    group: 'Studio',
    keys: 'mod+,',
    everywhere: true,
    run: () => openDialog({ kind: 'settings' }),
  },
  {
    id: 'shortcuts',
    title: 'Keyboard shortcuts',
    group: 'Studio',
    keys: '?',
    run: () => openDialog({ kind: 'shortcuts' }),
  },
]

export const commands: readonly Command[] = [
  ...runCommands,
  ...fileCommands,
  ...editCommands,
  ...canvasCommands,
  ...viewCommands,
  ...studioCommands,
]

const byId = new Map(commands.map((command) => [command.id, command]))

/** @throws AssertionFailure by way of the type: ids are checked by a test. */
export function command(id: string): Command {
  const found = byId.get(id)
  if (!found) throw new Error(`no command "${id}"`)
  return found
}

export const commandList = (...ids: readonly string[]) => ids.map((id) => (id === '-' ? 'line' : command(id)))
