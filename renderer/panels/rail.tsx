import {
  Blocks,
  BookOpen,
  Database,
  FolderTree,
  type LucideIcon,
  Server,
  Settings,
  Users,
} from 'lucide-react'
import { IconButton } from '../parts/controls.tsx'
import { keysText } from '../parts/keys.ts'
import { command } from '../stores/commands.ts'
import { type SidePanel, toggleSide, useLayout } from '../stores/layout.ts'

const panels: readonly (readonly [SidePanel, string, LucideIcon])[] = [
  ['nodes', 'Nodes', Blocks],
  ['files', 'Files', FolderTree],
  ['topics', 'Topics', Database],
  ['groups', 'Consumer groups', Users],
  ['cluster', 'Cluster', Server],
]

/** The icons at the left edge, one for each side panel. */
export function Rail() {
  const side = useLayout((layout) => layout.side)
  return (
    <nav className="rail" aria-label="Panels">
      {panels.map(([panel, title, icon], i) => (
        <IconButton
          key={panel}
          icon={icon}
          size={18}
          label={title}
          keys={keysText(`alt+${i + 1}`)}
          side="right"
          aria-pressed={side === panel}
          onClick={() => toggleSide(panel)}
        />
      ))}
      <span className="grow" />
      <IconButton
        icon={BookOpen}
        size={18}
        label="Keyboard shortcuts"
        keys="?"
        side="right"
        onClick={command('shortcuts').run}
      />
      <IconButton
        icon={Settings}
        size={18}
        label="Settings"
        keys={keysText('mod+,')}
        side="right"
        onClick={command('settings').run}
      />
    </nav>
  )
}
