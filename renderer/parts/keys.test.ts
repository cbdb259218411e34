import { expect, test } from 'vitest'
import { keysText, matches } from './keys.ts'

const press = (key: string, held: Partial<KeyboardEvent> = {}) =>
  ({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...held }) as KeyboardEvent

test('a shortcut takes its own modifiers and no others', () => {
  expect(matches(press('z', { ctrlKey: true }), 'mod+z')).toBe(true)
  expect(matches(press('Z', { ctrlKey: true, shiftKey: true }), 'mod+z')).toBe(false)
  expect(matches(press('Z', { ctrlKey: true, shiftKey: true }), 'mod+shift+z')).toBe(true)
  expect(matches(press('z'), 'mod+z')).toBe(false)
})

test('Backspace deletes as Delete does, and a sign may need Shift', () => {
  expect(matches(press('Backspace'), 'delete')).toBe(true)
  expect(matches(press('?', { shiftKey: true }), '?')).toBe(true)
})

test('shortcuts are written as the platform writes them', () => {
  expect(keysText('mod+shift+z')).toBe('Ctrl+Shift+Z')
})
