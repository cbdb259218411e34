import { Command as Menu } from 'cmdk'
import { Database, Workflow } from 'lucide-react'
import { keysText } from '../parts/keys.ts'
import { definitionOf, iconOf } from '../parts/kinds.ts'
import { type Command, commands } from '../stores/commands.ts'
import { useDocument } from '../stores/document-store.ts'
import { showNode, showTopic } from '../stores/reveal.ts'
import { openPalette, useStudio } from '../stores/studio.ts'
import { useTopics } from './records-bar.tsx'

const groups: readonly Command['group'][] = ['Run', 'File', 'Edit', 'Canvas', 'View', 'Studio']

/** Everything that can be done, and everything that can be gone to, by typing its name. */
export function CommandPalette() {
  const open = useStudio((state) => state.palette)
  const nodes = useDocument((state) => state.pipeline?.document.nodes)
  const topics = useTopics()
  const choose = (action: () => void) => () => {
    openPalette(false)
    // After the palette has given the focus back.
    requestAnimationFrame(action)
  }
  if (!open) return null
  return (
    <Menu.Dialog
      open
      onOpenChange={openPalette}
      label="Command palette"
      overlayClassName="overlay"
      contentClassName="float command-palette"
      loop
    >
      <Menu.Input placeholder="Search or run a command" />
      <Menu.List className="scroll">
        <Menu.Empty>No command, node or topic of that name.</Menu.Empty>
        {groups.map((group) => (
          <Commands key={group} group={group} choose={choose} />
        ))}
        {nodes && nodes.length > 0 && (
          <Menu.Group heading="Nodes">
            {nodes.map((node) => {
              const definition = definitionOf(node.kind)
              const Icon = definition ? iconOf(definition) : Workflow
              return (
                <Menu.Item
                  key={node.id}
                  value={`node ${node.name} ${node.id}`}
                  onSelect={choose(() => showNode(node.id))}
                >
                  <Icon size={14} className="faint" aria-hidden />
                  <span className="grow">{node.name}</span>
                  <span className="faint">{definition?.title}</span>
                </Menu.Item>
              )
            })}
          </Menu.Group>
        )}
        {nodes && topics.length > 0 && (
          <Menu.Group heading="Records of a topic">
            {topics
              .filter((topic) => !topic.internal)
              .map((topic) => (
                <Menu.Item
                  key={topic.name}
                  value={`topic records ${topic.name}`}
                  onSelect={choose(() => showTopic(topic.name))}
                >
                  <Database size={14} className="faint" aria-hidden />
                  <span className="grow">{topic.name}</span>
                </Menu.Item>
              ))}
          </Menu.Group>
        )}
      </Menu.List>
    </Menu.Dialog>
  )
}

/** A group's commands as far as they can be run now. */
function Commands(props: {
  readonly group: Command['group']
  readonly choose: (action: () => void) => () => void
}) {
  const { group, choose } = props
  const offered = commands.filter(
    (command) => command.group === group && command.id !== 'palette' && command.enabled?.() !== false,
  )
  if (offered.length === 0) return null
  return (
    <Menu.Group heading={group}>
      {offered.map((command) => (
        <Menu.Item key={command.id} value={`${group} ${command.title}`} onSelect={choose(command.run)}>
          <span className="grow">{command.title}</span>
          {command.keys && <span className="faint">{keysText(command.keys)}</span>}
        </Menu.Item>
      ))}
    </Menu.Group>
  )
}
