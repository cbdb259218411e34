import { useStore } from '@xyflow/react'
import { Fullscreen, Minus, Network, Plus } from 'lucide-react'
import { IconButton } from '../parts/controls.tsx'
import { percent } from '../parts/format.ts'
import { keysText } from '../parts/keys.ts'
import { command } from '../stores/commands.ts'
import { useDocument } from '../stores/document-store.ts'
import { type Overlay, setLayout, useLayout } from '../stores/layout.ts'
import { useRunning } from '../stores/run.ts'

const overlays: readonly Overlay[] = ['throughput', 'lag', 'busy', 'errors']

/** Zoom at the lower left; which figures the canvas shows in the middle, while it runs. */
export function CanvasTools() {
  const zoom = useStore((state) => state.transform[2])
  const path = useDocument((state) => state.pipeline?.path)
  const running = useRunning(path)
  const overlay = useLayout((layout) => layout.overlay)
  return (
    <>
      <div className="canvas-tools zoom-tools" role="toolbar" aria-label="Zoom">
        <Tool id="zoom-out" icon={Minus} />
        <button
          type="button"
          className="figures zoom-figure"
          aria-label={`Zoom ${percent(zoom)}: go to 100 %`}
          onClick={() => command('zoom-actual').run()}
        >
          {percent(zoom)}
        </button>
        <Tool id="zoom-in" icon={Plus} />
        <span className="tool-line" />
        <Tool id="fit" icon={Fullscreen} />
        <span className="tool-line" />
        <Tool id="layout" icon={Network} />
      </div>
      {running && (
        <fieldset className="canvas-tools overlay-tools">
          <legend className="sr">Overlay</legend>
          <span className="faint" aria-hidden>
            Overlay
          </span>
          {overlays.map((name) => (
            <button
              key={name}
              type="button"
              className="choice"
              aria-pressed={overlay === name}
              onClick={() => setLayout({ overlay: name })}
            >
              {name}
            </button>
          ))}
        </fieldset>
      )}
    </>
  )
}

function Tool({ id, icon }: { readonly id: string; readonly icon: typeof Plus }) {
  const { title, keys, run } = command(id)
  return (
    <IconButton icon={icon} label={title} keys={keys && keysText(keys)} side="top" size={15} onClick={run} />
  )
}
