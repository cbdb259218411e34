import { type SidePanel as Name, useLayout } from '../stores/layout.ts'
import { ClusterPanel } from './cluster-panel.tsx'
import { FilesPanel } from './files-panel.tsx'
import { GroupsPanel } from './groups-panel.tsx'
import { NodesPanel } from './nodes-panel.tsx'
import { TopicsPanel } from './topics-panel.tsx'

const panels: Readonly<Record<Name, () => React.ReactNode>> = {
  nodes: NodesPanel,
  files: FilesPanel,
  topics: TopicsPanel,
  groups: GroupsPanel,
  cluster: ClusterPanel,
}

export function SidePanel() {
  const side = useLayout((layout) => layout.side)
  if (!side) return null
  const Panel = panels[side]
  return <Panel />
}
