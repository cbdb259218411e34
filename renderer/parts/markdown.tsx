import { Fragment, type ReactNode } from 'react'

/** The little Markdown that node docs and READMEs use: headings, paragraphs, lists, code. Never HTML. */
export function Markdown({ text }: { readonly text: string }) {
  const blocks = text.trim().split(/\n\s*\n|\n(?=```)/)
  return (
    <div className="markdown">
      {blocks.map((block, i) => (
        // The text is drawn afresh as a whole; its blocks have no identity.
        <Block key={`${i}${block.slice(0, 24)}`} text={block} />
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

function inline(text: string): ReactNode {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, i) => {
    const key = `${i}${part}`
    if (part.startsWith('`') && part.length > 1) return <code key={key}>{part.slice(1, -1)}</code>
    if (part.startsWith('**') && part.length > 2) return <b key={key}>{part.slice(2, -2)}</b>
    return <Fragment key={key}>{part.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')}</Fragment>
  })
}
