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
  /** Files with these endings are chosen, in place of pipelines. */
  readonly extensions?: readonly string[]
  readonly choose?: (path: string) => void
  readonly onFolder?: (path: string) => void
}) {
  const [wanted, setWanted] = useState<string>()
  const [listing, setListing] = useState<Listing>()
  /** Undefined while the path shown is that of the folder listed. */
  const [typed, setTyped] = useState<string>()
  const [problem, setProblem] = useState<string>()
  const { onFolder, extensions } = props
  const isData = (path: string) => hasEnding(path, extensions)
  useEffect(() => {
    let stale = false
    host()
      .call('files.list', { path: wanted })
      .then((answer) => {
        if (stale) return
        setListing(answer)
        // What has been typed while the answer was on its way is not lost.
        setTyped((now) => (now === wanted ? undefined : now))
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
  const path = typed ?? listing?.path ?? ''
  const goTo = (folder: string | undefined) => {
    setTyped(undefined)
    setWanted(folder)
  }
  const entries = (listing?.entries ?? []).filter((entry) =>
    props.folders ? entry.kind === 'folder' : !extensions || entry.name !== 'pipeline.json',
  )
  return (
    <div className="file-browser">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault()
          if (extensions ? isData(path) : path.endsWith('pipeline.json')) props.choose?.(path)
          else setWanted(path)
        }}
      >
        <IconButton
          icon={ArrowUp}
          label="Parent folder"
          disabled={!listing?.parent}
          onClick={() => goTo(listing?.parent)}
        />
        <input
          className="input mono"
          aria-label="Path"
          value={path}
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
              disabled={entry.kind === 'file' && !isData(entry.path)}
              onClick={() =>
                entry.kind === 'folder' || (extensions && entry.kind === 'pipeline')
                  ? goTo(entry.path)
                  : props.choose?.(entry.path)
              }
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

/** A pipeline's own description is data to nobody. */
const hasEnding = (path: string, extensions: readonly string[] = []) =>
  !path.endsWith('/pipeline.json') && extensions.some((extension) => path.endsWith(`.${extension}`))
