/**
 * `virtual:node-icons`: the icons that node definitions name, and no others. Written out of the definitions at build time,
 * so that a new kind needs no second list and the bundle does not carry every icon of the set.
 */
import { definitions } from '../engine/nodes/definitions.ts'

const publicId = 'virtual:node-icons'
const resolvedId = `\0${publicId}`

export function nodeIcons() {
  return {
    name: 'millrace-node-icons',
    resolveId: (id: string) => (id === publicId ? resolvedId : undefined),
    load: (id: string) => (id === resolvedId ? iconModule() : undefined),
  }
}

function iconModule(): string {
  const names = [...new Set(definitions.map((definition) => definition.icon))].sort()
  const imports = names.map((name, i) => `${exportName(name)} as Icon${i}`)
  const entries = names.map((name, i) => `  ${JSON.stringify(name)}: Icon${i},`)
  return `import { ${imports.join(', ')} } from 'lucide-react'\nexport const nodeIcons = {\n${entries.join('\n')}\n}\n`
}

/** `arrow-down-a-z` → `ArrowDownAZ`, as lucide names its exports. */
function exportName(icon: string): string {
  return icon
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}
