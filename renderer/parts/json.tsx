import { Fragment, type ReactNode } from 'react'

const tokens = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g
const colouredMax = 600

/** JSON on one line in its colours. Past a few hundred characters the rest is plain: nobody sees it in a row. */
export function JsonLine({ text }: { readonly text: string }) {
  const head = text.slice(0, colouredMax)
  const parts: ReactNode[] = []
  let last = 0
  for (const match of head.matchAll(tokens)) {
    parts.push(<Fragment key={last}>{head.slice(last, match.index)}</Fragment>)
    const [all, string, colon, number, word] = match
    const tone = string
      ? colon
        ? 'json-name'
        : 'json-string'
      : number
        ? 'json-number'
        : word
          ? 'json-word'
          : ''
    parts.push(
      <span key={`${match.index}t`} className={tone}>
        {colon ? string : all}
      </span>,
    )
    if (colon) parts.push(<Fragment key={`${match.index}c`}>{colon}</Fragment>)
    last = match.index + all.length
  }
  parts.push(<Fragment key="rest">{head.slice(last) + text.slice(colouredMax)}</Fragment>)
  return parts
}

/** A value as a tree that folds. */
export function JsonTree({
  value,
  name,
  depth = 0,
}: {
  readonly value: unknown
  readonly name?: string
  readonly depth?: number
}) {
  if (value === null || typeof value !== 'object') {
    return (
      <div className="json-leaf">
        {name !== undefined && <span className="json-name">{name}</span>}
        <Scalar value={value} />
      </div>
    )
  }
  const entries = Object.entries(value)
  return (
    <details className="json-branch" open={depth < 2}>
      <summary>
        {name !== undefined && <span className="json-name">{name}</span>}
        <span className="faint">{Array.isArray(value) ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      <div className="json-children">
        {entries.slice(0, 500).map(([key, child]) => (
          <JsonTree key={key} name={key} value={child} depth={depth + 1} />
        ))}
        {entries.length > 500 && <div className="faint">… {entries.length - 500} more</div>}
      </div>
    </details>
  )
}

function Scalar({ value }: { readonly value: unknown }) {
  const tone =
    typeof value === 'string' ? 'json-string' : typeof value === 'number' ? 'json-number' : 'json-word'
  return <span className={tone}>{JSON.stringify(value)}</span>
}
