import { Box } from 'lucide-react'
import { expect, test } from 'vitest'
import { definitions } from '../../engine/nodes/definitions.ts'
import { iconOf } from './kinds.ts'

test.each(definitions.map((definition) => [definition.kind, definition] as const))(
  'the icon that %s names is one of the set',
  (_, definition) => {
    expect(iconOf(definition)).toBeDefined()
    expect(iconOf(definition)).not.toBe(Box)
  },
)
