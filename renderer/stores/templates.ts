/** What a new processor's file begins with. */
export const processorTemplate = `import { processor } from 'millrace'

export default processor((record, ctx) => {
  ctx.forward(record)
})
`
