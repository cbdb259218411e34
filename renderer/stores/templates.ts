/** What a new processor's file begins with. */
export const processorTemplate = (node: string) => `import { processor } from 'millrace'
import type { Flow } from 'millrace/flow'

export default processor<Flow['${node}'], Flow['${node}']>((record, ctx) => {
  ctx.forward({ value: record.value })
})
`
