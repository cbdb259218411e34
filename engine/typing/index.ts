export { flowDeclarations, millraceDeclarations } from './millrace-module.ts'
export {
  createTyping,
  type EditorTypes,
  type Typing,
  type TypingInput,
  type TypingResult,
} from './typing.ts'
