import * as z from 'zod/mini'

export const nothing = z.object({})

export function method<Input extends z.ZodMiniType, Output extends z.ZodMiniType>(
  input: Input,
  output: Output,
) {
  return { input, output }
}

/** A failure as it travels: the parts of a `MillraceError`. */
export const errorParts = z.object({
  code: z.string(),
  what: z.string(),
  where: z.optional(z.string()),
  remedy: z.optional(z.string()),
})
