import { ArrowUp, File, Folder, Workflow } from 'lucide-react'
import { useEffect, useState } from 'react'
import { MillraceError } from '../../engine/base/errors.ts'
import type { Output } from '../../engine/host/contract.ts'
import { host } from '../host/client.ts'
import { Button, IconButton } from '../parts/controls.tsx'

type Listing = Output<'files.list'>

/** Folders and pipelines on the host's machine. */
export function FileBrowser(props: {
  readonly folders?: boolean
  readonly choose?: (path: string) => void
  readonly onFolder?: (path: string) => void
}) {
  const [wanted, setWanted] = useState<string>()
  const [listing, setListing] = useState<Listing>()
  const [typed, setTyped] = useState('')
  const [problem, setProblem] = useState<string>()
  const { onFolder } = props
  useEffect(() => {
    let stale = false
    host()
      .call('files.list', { path: wanted })
      .then((answer) => {
        if (stale) return
        setListing(answer)
        setTyped(answer.path)
        setProblem(undefined)
        onFolder?.(answer.path)
      })
      .catch((thrown) => {
        if (!stale) setProblem(MillraceError.from(thrown).what)
      })
    return () => {
      stale = true
    }
  }, [wanted, onFolder])
  const entries = (listing?.entries ?? []).filter((entry) => !props.folders || entry.kind === 'folder')
  return (
    <div className="file-browser">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          if (typed.endsWith('pipeline.json')) props.choose?.(typed)
          else setWanted(typed)
        }}
      >
        <IconButton
          icon={ArrowUp}
          label="Parent folder"
          disabled={!listing?.parent}
          onClick={() => setWanted(listing?.parent)}
        />
        <input
          className="input mono"
          aria-label="Path"
          value={typed}
          spellCheck={false}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit">Go</Button>
      </form>
      {problem && <p className="field-problem bad">{problem}</p>}
      <ul className="file-list scroll">
        {entries.map((entry) => (
          <li key={entry.path}>
            <button
              type="button"
              className="side-row"
              disabled={entry.kind === 'file'}
              onClick={() => (entry.kind === 'folder' ? setWanted(entry.path) : props.choose?.(entry.path))}
            >
              {entry.kind === 'folder' ? (
                <Folder size={14} aria-hidden />
              ) : entry.kind === 'pipeline' ? (
                <Workflow size={14} className="accent" aria-hidden />
              ) : (
                <File size={14} aria-hidden />
              )}
              <span className="ellipsis grow">{entry.name}</span>
              {entry.kind === 'pipeline' && <span className="faint">pipeline</span>}
            </button>
          </li>
        ))}
        {listing && entries.length === 0 && <li className="side-empty muted">Nothing in this folder.</li>}
      </ul>
    </div>
  )
}
