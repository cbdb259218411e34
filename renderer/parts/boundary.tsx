import { Component, type ReactNode } from 'react'
import { Button, Empty } from './controls.tsx'

interface Props {
  /** What is shown here: "the editor". */
  readonly name: string
  readonly children: ReactNode
}

/** A fault in one part of the window stays in it: the rest, and what is unsaved, live on. */
export class Boundary extends Component<Props, { readonly fault: string | undefined }> {
  override state = { fault: undefined }

  static getDerivedStateFromError(thrown: unknown) {
    return { fault: thrown instanceof Error ? thrown.message : String(thrown) }
  }

  override render() {
    if (this.state.fault === undefined) return this.props.children
    return (
      <Empty
        action={
          <div className="row">
            <Button onClick={() => this.setState({ fault: undefined })}>Try again</Button>
            <Button look="quiet" onClick={() => location.reload()}>
              Reload the window
            </Button>
          </div>
        }
      >
        {capital(this.props.name)} could not be shown: {this.state.fault}
      </Empty>
    )
  }
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)
