import { Fragment, type ReactNode } from 'react'
import { keyed } from './keyed.ts'

/** The little Markdown that node docs and READMEs use: headings, paragraphs, lists, code. Never HTML. */
export function Markdown({ text }: { readonly text: string }) {
  const blocks = text.trim().split(/\n\s*\n|\n(?=```)/)
  return (
    <div className="markdown">
      {keyed(blocks, (block) => block).map(({ key, item }) => (
        <Block key={key} text={item} />
      ))}
    </div>
  )
}

function Block({ text }: { readonly text: string }): ReactNode {
  if (text.startsWith('```')) return <pre className="mono">{text.replace(/^```\w*\n?|```$/g, '')}</pre>
  const heading = /^(#{1,4})\s+(.*)/.exec(text)
  if (heading) {
    const rest = text.slice(heading[0].length).trim()
    return (
      <>
        <h4>{inline(heading[2]!)}</h4>
        {rest && <Block text={rest} />}
      </>
    )
  }
  const lines = text.split('\n')
  if (lines.length > 1 && lines.every((line) => line.startsWith('|'))) return <Table lines={lines} />
  if (lines.every((line) => /^(\s*[-*]\s+|\s{2,})/.test(line))) {
    const items = text.split(/\n(?=\s*[-*]\s+)/).map((item) => item.replace(/^\s*[-*]\s+/, ''))
    return (
      <ul>
        {items.map((item) => (
          <li key={item}>{inline(item)}</li>
        ))}
      </ul>
    )
  }
  return <p>{inline(text)}</p>
}

function Table({ lines }: { readonly lines: readonly string[] }) {
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  const [head = '', , ...body] = lines
  return (
    <table>
      <thead>
        <tr>
          {keyed(cells(head), (cell) => cell).map(({ key, item }) => (
            <th key={key} scope="col">
              {inline(item)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {keyed(body, (line) => line).map(({ key, item }) => (
          <tr key={key}>
            {keyed(cells(item), (cell) => cell).map((cell) => (
              <td key={cell.key}>{inline(cell.item)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function inline(text: string): ReactNode {
  return keyed(text.split(/(`[^`]+`|\*\*[^*]+\*\*)/), (part) => part).map(({ key, item: part }) => {
    if (part.startsWith('`') && part.length > 1) return <code key={key}>{part.slice(1, -1)}</code>
    if (part.startsWith('**') && part.length > 2) return <b key={key}>{part.slice(2, -2)}</b>
    return <Fragment key={key}>{part.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')}</Fragment>
  })
}
