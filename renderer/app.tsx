import { Tooltip } from 'radix-ui'
import { useEffect } from 'react'
import { Canvas } from './canvas/canvas.tsx'
import { Inspector } from './inspector/inspector.tsx'
import { Banners } from './panels/banners.tsx'
import { CommandPalette } from './panels/command-palette.tsx'
import { Dialogs } from './panels/dialogs.tsx'
import { Dock } from './panels/dock.tsx'
import { Rail } from './panels/rail.tsx'
import { SidePanel } from './panels/side-panel.tsx'
import { StartPage } from './panels/start-page.tsx'
import { StatusBar } from './panels/status-bar.tsx'
import { Toasts } from './panels/toasts.tsx'
import { TopBar } from './panels/top-bar.tsx'
import { Boundary } from './parts/boundary.tsx'
import { Splitter } from './parts/splitter.tsx'
import { useDocument } from './stores/document-store.ts'
import { setLayout, useLayout } from './stores/layout.ts'
import { serveShortcuts } from './stores/shortcuts.ts'
import { serveStays } from './stores/stay.ts'
import { useStudio } from './stores/studio.ts'

export function App() {
  const opened = useDocument((state) => state.pipeline !== undefined)
  const lost = useStudio((state) => state.connection === 'lost')
  useEffect(serveShortcuts, [])
  useEffect(serveStays, [])
  return (
    <Tooltip.Provider delayDuration={500}>
      <div className={`window ${lost ? 'lost' : ''}`}>
        <TopBar />
        {opened ? <Workbench /> : <StartPage />}
        <StatusBar />
      </div>
      <Dialogs />
      <CommandPalette />
      <Toasts />
    </Tooltip.Provider>
  )
}

function Workbench() {
  const { side, inspectorOpen, dockOpen, dockMaximized, sideWidth, inspectorWidth, dockHeight } = useLayout()
  return (
    <div className="workbench">
      <Rail />
      {side && (
        <>
          <div className="panel side" style={{ width: sideWidth }}>
            <Boundary name="the panel">
              <SidePanel />
            </Boundary>
          </div>
          <Splitter
            label="Width of the side panel"
            axis="x"
            grows={1}
            size={sideWidth}
            min={180}
            max={480}
            onSize={(width) => setLayout({ sideWidth: width })}
          />
        </>
      )}
      <main className="middle">
        <Banners />
        <div className="canvas-place">
          <Boundary name="the canvas">
            <Canvas />
          </Boundary>
        </div>
        {dockOpen && (
          <>
            <Splitter
              label="Height of the dock"
              axis="y"
              grows={-1}
              size={dockHeight}
              min={120}
              max={window.innerHeight - 240}
              onSize={(height) => setLayout({ dockHeight: height, dockMaximized: false })}
            />
            <section
              className="panel dock-place"
              aria-label="Dock"
              style={{ height: dockMaximized ? '72%' : Math.min(dockHeight, window.innerHeight * 0.6) }}
            >
              <Boundary name="the dock">
                <Dock />
              </Boundary>
            </section>
          </>
        )}
      </main>
      {inspectorOpen && (
        <>
          <Splitter
            label="Width of the inspector"
            axis="x"
            grows={-1}
            size={inspectorWidth}
            min={240}
            max={520}
            onSize={(width) => setLayout({ inspectorWidth: width })}
          />
          <aside className="panel inspector" aria-label="Inspector" style={{ width: inspectorWidth }}>
            <Boundary name="the inspector">
              <Inspector />
            </Boundary>
          </aside>
        </>
      )}
    </div>
  )
}
