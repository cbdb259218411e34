import { feedSource } from '../compiling.ts'
import type { CompileNode } from '../kind.ts'

export const compile: CompileNode = feedSource
