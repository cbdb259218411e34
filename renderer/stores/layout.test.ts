import { beforeEach, expect, test } from 'vitest'
import { layoutSettings, restoreLayout, setLayout, useLayout } from './layout.ts'

const fresh = useLayout.getState()

beforeEach(() => useLayout.setState(fresh, true))

test('what is remembered comes back, a closed side panel included', () => {
  setLayout({ side: undefined, dockHeight: 400, theme: 'light' })
  const kept = JSON.parse(JSON.stringify(layoutSettings(useLayout.getState())))
  useLayout.setState({ ...fresh, side: 'nodes' }, true)
  restoreLayout(kept)
  expect(useLayout.getState()).toMatchObject({ side: undefined, dockHeight: 400, theme: 'light' })
})

test('settings of another version do no harm', () => {
  restoreLayout({ side: 'aquarium', dockHeight: 'tall', minimap: 3, unheardOf: true })
  expect(useLayout.getState()).toEqual(fresh)
})
