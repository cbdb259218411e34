import { Maximize2, Minimize2, X } from 'lucide-react'
import { Tabs } from 'radix-ui'
import { CodeTab } from '../editor/code-tab.tsx'
import { IconButton } from '../parts/controls.tsx'
import { keysText } from '../parts/keys.ts'
import { useAnalysis } from '../stores/analysis.ts'
import { type DockTab, setLayout, useLayout } from '../stores/layout.ts'
import { useRun } from '../stores/run.ts'
import { LogTab } from './log-tab.tsx'
import { MetricsPanel } from './metrics-panel.tsx'
import { ProblemsTab } from './problems-tab.tsx'
import { RecordsTab } from './records-tab.tsx'

const tabs: readonly (readonly [DockTab, string])[] = [
  ['records', 'Records'],
  ['code', 'Code'],
  ['problems', 'Problems'],
  ['log', 'Log'],
  ['metrics', 'Metrics'],
]

/** Below the canvas: records, code, problems, log, metrics. */
export function Dock() {
  const tab = useLayout((layout) => layout.dockTab)
  const maximized = useLayout((layout) => layout.dockMaximized)
  return (
    <Tabs.Root
      className="dock"
      value={tab}
      onValueChange={(value) => setLayout({ dockTab: value as DockTab })}
    >
      <div className="dock-head">
        <Tabs.List className="tabs" aria-label="Dock">
          {tabs.map(([value, title]) => (
            <Tabs.Trigger key={value} value={value} className="tab">
              {title}
              {value === 'problems' && <ProblemCount />}
            </Tabs.Trigger>
          ))}
        </Tabs.List>
        <IconButton
          icon={maximized ? Minimize2 : Maximize2}
          size={14}
          label={maximized ? 'Smaller' : 'Larger'}
          side="top"
          onClick={() => setLayout({ dockMaximized: !maximized })}
        />
        <IconButton
          icon={X}
          size={15}
          label="Close the dock"
          keys={keysText('mod+j')}
          side="top"
          onClick={() => setLayout({ dockOpen: false })}
        />
      </div>
      <div className="dock-body">
        <Tabs.Content value="records">
          <RecordsTab />
        </Tabs.Content>
        <Tabs.Content value="code">
          <CodeTab />
        </Tabs.Content>
        <Tabs.Content value="problems">
          <ProblemsTab />
        </Tabs.Content>
        <Tabs.Content value="log">
          <LogTab />
        </Tabs.Content>
        <Tabs.Content value="metrics">
          <MetricsPanel />
        </Tabs.Content>
      </div>
    </Tabs.Root>
  )
}

function ProblemCount() {
  const errors = useAnalysis(
    (state) => state.problems.filter((problem) => problem.severity === 'error').length,
  )
  const warnings = useAnalysis((state) => state.problems.length) - errors
  const failures = useRun((state) => state.failures.length)
  const count = errors + failures || warnings
  if (count === 0) return null
  return <span className={`count ${errors + failures ? '' : 'amber'}`}>{count}</span>
}
