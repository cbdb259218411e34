import { Tooltip } from 'radix-ui'
import type { ReactElement, ReactNode } from 'react'

/** What a control does, with its shortcut, after a moment's rest on it. */
export function Tip(props: {
  readonly text: ReactNode
  readonly keys?: string
  readonly side?: 'top' | 'right' | 'bottom' | 'left'
  readonly children: ReactElement
}) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{props.children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content
          className="float tip"
          side={props.side ?? 'bottom'}
          sideOffset={6}
          collisionPadding={8}
        >
          {props.text}
          {props.keys && <kbd>{props.keys}</kbd>}
        </Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
