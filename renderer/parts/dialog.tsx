import { Dialog as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A modal dialog: what it is about, what follows from it, and buttons that say the verb. */
export function Dialog(props: {
  readonly title: string
  readonly text?: ReactNode
  readonly wide?: boolean
  readonly close: () => void
  readonly buttons?: ReactNode
  readonly children?: ReactNode
}) {
  return (
    <Radix.Root open onOpenChange={(open) => !open && props.close()}>
      <Radix.Portal>
        <Radix.Overlay className="overlay" />
        <Radix.Content
          className={`float dialog panel ${props.wide ? 'wide' : ''}`}
          {...(props.text ? {} : { 'aria-describedby': undefined })}
        >
          <div className="dialog-head">
            <Radix.Title asChild>
              <h2>{props.title}</h2>
            </Radix.Title>
            {props.text && (
              <Radix.Description asChild>
                <p>{props.text}</p>
              </Radix.Description>
            )}
          </div>
          <div className="dialog-body">{props.children}</div>
          {props.buttons && <div className="dialog-foot">{props.buttons}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}
