import { required } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

/** Several edges into one port are merged before the node is asked: nothing is left to do. */
export const compile: CompileNode = (context) => ({ steps: [], outputs: { out: required(context, 'in') } })
