import { ContextMenu, DropdownMenu } from 'radix-ui'
import type { ReactElement } from 'react'
import type { Command } from '../stores/commands.ts'
import { useEnabled } from '../stores/enabled.ts'
import { keysText } from './keys.ts'

export type MenuEntry = Command | 'line'

/** A button that opens a list of commands. */
export function CommandMenu(props: {
  readonly entries: readonly MenuEntry[]
  readonly children: ReactElement
  readonly align?: 'start' | 'end'
}) {
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>{props.children}</DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          className="float menu"
          align={props.align ?? 'start'}
          sideOffset={4}
          collisionPadding={8}
        >
          {numbered(props.entries).map(({ key, entry }) =>
            entry === 'line' ? (
              <DropdownMenu.Separator key={key} className="menu-line" />
            ) : (
              <MenuItem key={key} item={DropdownMenu.Item} command={entry} />
            ),
          )}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

/** The same by the right button, or by the menu key. */
export function CommandContextMenu(props: {
  readonly entries: readonly MenuEntry[]
  readonly children: ReactElement
}) {
  return (
    <ContextMenu.Root modal={false}>
      <ContextMenu.Trigger asChild>{props.children}</ContextMenu.Trigger>
      <ContextMenu.Portal>
        <ContextMenu.Content className="float menu" collisionPadding={8}>
          {numbered(props.entries).map(({ key, entry }) =>
            entry === 'line' ? (
              <ContextMenu.Separator key={key} className="menu-line" />
            ) : (
              <MenuItem key={key} item={ContextMenu.Item} command={entry} />
            ),
          )}
        </ContextMenu.Content>
      </ContextMenu.Portal>
    </ContextMenu.Root>
  )
}

function MenuItem(props: {
  readonly item: typeof DropdownMenu.Item | typeof ContextMenu.Item
  readonly command: Command
}) {
  const { item: Item, command } = props
  return (
    <Item className="menu-item" disabled={!useEnabled(command)} onSelect={() => command.run()}>
      {command.title}
      {command.keys && <span className="keys">{keysText(command.keys)}</span>}
    </Item>
  )
}

/** Lines have no name of their own: they take that of the entry before. */
function numbered(entries: readonly MenuEntry[]) {
  let last = ''
  return entries.map((entry) => {
    const key = entry === 'line' ? `after ${last}` : entry.id
    last = key
    return { key, entry }
  })
}
