/** What samples have in common, as the text of a TypeScript type. */
export function inferType(samples: readonly unknown[]): string {
  return printed(samples.reduce<Shape>((shape, sample) => widen(shape, sample), emptyShape()))
}

interface Shape {
  readonly primitives: Set<string>
  /** Of arrays: what their elements have in common. */
  element: Shape | undefined
  fields: Map<string, { shape: Shape; times: number }> | undefined
  /** How many samples were objects: a field seen fewer times is optional. */
  objects: number
}

function emptyShape(): Shape {
  return { primitives: new Set(), element: undefined, fields: undefined, objects: 0 }
}

function widen(shape: Shape, sample: unknown): Shape {
  if (Array.isArray(sample)) {
    shape.element ??= emptyShape()
    for (const element of sample) widen(shape.element, element)
  } else if (typeof sample === 'object' && sample !== null) {
    shape.objects++
    shape.fields ??= new Map()
    for (const [name, value] of Object.entries(sample)) {
      const field = shape.fields.get(name) ?? { shape: emptyShape(), times: 0 }
      field.times++
      widen(field.shape, value)
      shape.fields.set(name, field)
    }
  } else {
    shape.primitives.add(sample === null ? 'null' : typeof sample)
  }
  return shape
}

function printed(shape: Shape): string {
  const parts: string[] = []
  if (shape.fields !== undefined) parts.push(printedObject(shape.fields, shape.objects))
  if (shape.element !== undefined) parts.push(printedArray(shape.element))
  for (const name of ['string', 'number', 'boolean', 'null']) {
    if (shape.primitives.has(name)) parts.push(name)
  }
  return parts.length === 0 ? 'unknown' : parts.join(' | ')
}

function printedArray(element: Shape): string {
  const kinds = element.primitives.size + (element.fields ? 1 : 0) + (element.element ? 1 : 0)
  return kinds > 1 ? `(${printed(element)})[]` : `${printed(element)}[]`
}

function printedObject(fields: NonNullable<Shape['fields']>, objects: number): string {
  if (fields.size === 0) return 'Record<string, unknown>'
  const members = [...fields].map(([name, { shape, times }]) => {
    const quoted = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
    return `${quoted}${times < objects ? '?' : ''}: ${printed(shape)}`
  })
  return `{ ${members.join('; ')} }`
}
