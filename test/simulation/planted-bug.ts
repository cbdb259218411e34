/** Mistakes as data: `bugs/NAME.bug` says in a few lines what is wrong, and which text of which file becomes which. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

interface Edit {
  readonly file: string
  readonly before: string
  readonly after: string
}

export interface PlantedBug {
  readonly name: string
  readonly what: string
  readonly edits: readonly Edit[]
}

/** In order of their names. */
export function readBugs(folder: string): PlantedBug[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.bug'))
  return files.sort().map((file) => parseBug(file.slice(0, -4), readFileSync(join(folder, file), 'utf8')))
}

/** @throws Error when the text is no such patch */
export function parseBug(name: string, text: string): PlantedBug {
  const [head = '', ...parts] = text.split(/^file (.+)\n/m)
  const edits: Edit[] = []
  for (let i = 0; i < parts.length; i += 2) {
    const match = /^<<<<\n([\s\S]*?)\n====\n([\s\S]*?)\n?>>>>\n/.exec(parts[i + 1] ?? '')
    if (!match) throw new Error(`${name}: what follows "file ${parts[i]}" is no edit`)
    edits.push({ file: parts[i]!, before: match[1]!, after: match[2]! })
  }
  if (edits.length === 0) throw new Error(`${name} changes nothing`)
  return { name, what: head.trim(), edits }
}

/** Into the sources under `root`; gives the way back. @throws Error when it does not apply any more */
export function plant({ name, edits }: PlantedBug, root: string): () => void {
  const originals = new Map<string, string>()
  const restore = () => {
    for (const [path, text] of originals) writeFileSync(path, text)
  }
  for (const { file, before, after } of edits) {
    const path = join(root, file)
    const text = readFileSync(path, 'utf8')
    const count = text.split(before).length - 1
    if (count !== 1) {
      restore()
      throw new Error(`${name} does not apply: its text stands ${count} times in ${file}`)
    }
    if (!originals.has(path)) originals.set(path, text)
    writeFileSync(
      path,
      text.replace(before, () => after),
    )
  }
  return restore
}
